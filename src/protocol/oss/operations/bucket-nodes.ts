/** Elements that several answers about buckets share. */

import { node, type XmlNode } from '../../../core/xml.ts';

export function ownerNode(accountId: string): XmlNode {
  return node('Owner', [node('ID', accountId), node('DisplayName', accountId)]);
}

/** Both endpoints are the one that the client used: there is no other network here. */
export function endpointNodes(endpoint: string): XmlNode[] {
  return [node('ExtranetEndpoint', endpoint), node('IntranetEndpoint', endpoint)];
}
