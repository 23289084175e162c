DROP TABLE auth_email_domain_block;
DROP TABLE auth_ip_block;
