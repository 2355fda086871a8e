CREATE TABLE agents (
    tenant text NOT NULL,
    id text NOT NULL,
    name text NOT NULL,
    role text NOT NULL,
    prompt_template text NOT NULL,
    capabilities text[] NOT NULL, -- patterns of tools
    effects text[] NOT NULL, -- where any are listed, only tools of these
    scopes text[] NOT NULL, -- where any are listed, only tools that need no others
    model text NOT NULL,
    policy text NOT NULL,
    limits json NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    version bigint NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tenant, id)
);

CREATE TYPE agents_changes AS (
    tenant text, id text, name text, role text, prompt_template text, capabilities text[], effects text[],
    scopes text[], model text, policy text, limits json, updated_at timestamptz, version bigint, position bigint,
    created_at timestamptz
);
