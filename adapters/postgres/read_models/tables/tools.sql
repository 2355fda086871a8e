CREATE TABLE apis (
    tenant text NOT NULL,
    api text NOT NULL,
    document text NOT NULL,
    base_url text NOT NULL,
    scopes text[] NOT NULL,
    rate_limit integer NOT NULL,
    tools integer NOT NULL,
    skipped integer NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, api)
);

CREATE TABLE tools (
    tenant text NOT NULL,
    id text NOT NULL,
    api text NOT NULL,
    name text NOT NULL,
    operation text NOT NULL,
    openapi_ref text NOT NULL,
    description text NOT NULL,
    effect_class text NOT NULL,
    repeatable boolean NOT NULL,
    deprecated boolean NOT NULL,
    parameters json NOT NULL,
    created_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, id, openapi_ref)
);
CREATE INDEX ON tools (tenant, api);

CREATE TABLE overrides (
    tenant text NOT NULL,
    api text NOT NULL,
    operation text NOT NULL,
    effect_class text,
    repeatable boolean,
    enabled boolean,
    deprecated boolean,
    scopes text[],
    rate_limit integer,
    reason text NOT NULL,
    updated_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, api, operation)
);

CREATE TYPE tools_changes AS (
    tenant text, id text, api text, name text, operation text, openapi_ref text, description text, effect_class
    text, repeatable boolean, deprecated boolean, parameters json, created_at timestamptz, position bigint
);

CREATE TYPE apis_changes AS (
    tenant text, api text, document text, base_url text, scopes text[], rate_limit integer, tools integer, skipped
    integer, created_at timestamptz, position bigint
);

CREATE TYPE overrides_changes AS (
    tenant text, api text, operation text, effect_class text, repeatable boolean, enabled boolean, deprecated boolean,
    scopes text[], rate_limit integer, reason text, updated_at timestamptz, position bigint
);
