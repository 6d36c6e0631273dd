/** Elements that several answers share. */

import { node, type XmlNode } from '../../../core/xml.ts';

export function ownerNode(accountId: string): XmlNode {
  return node('Owner', [node('ID', accountId), node('DisplayName', accountId)]);
}

/** Both endpoints are the one that the client used: there is no other network here. */
export function endpointNodes(endpoint: string): XmlNode[] {
  return [node('ExtranetEndpoint', endpoint), node('IntranetEndpoint', endpoint)];
}

/** The ACL of a bucket or object as GET answers it. */
export function accessControlNode(owner: string, acl: string): XmlNode {
  return node('AccessControlPolicy', [ownerNode(owner), grantNode(acl)]);
}

export function grantNode(acl: string): XmlNode {
  return node('AccessControlList', [node('Grant', acl)]);
}
