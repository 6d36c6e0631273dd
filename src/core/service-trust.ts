/** The trust policy of a role that a service works with, as in `oss.aliyuncs.com` (protocol sheet, section 4.5). */
export function serviceTrust(service: string): object {
  return {
    Version: '1',
    Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: [service] } }],
  };
}
