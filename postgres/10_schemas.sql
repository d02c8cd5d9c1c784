-- Schemas of the PostgreSQL side.
-- stage: what ClickHouse pushes, unlogged, emptied before each batch. vault: the Data Vault. vault_months: the monthly
-- partitions of vault's tables, apart so that a listing of vault stays readable. ops: ledgers.
create schema if not exists stage;
create schema if not exists vault;
create schema if not exists vault_months;
create schema if not exists ops;
