-- What the Orleans AdoNet providers (10.x) ask of PostgreSQL: membership, grain storage, reminders. A provider reads the
-- text of each statement it runs from OrleansQuery by a fixed key; the parameters (@Name) and the names of the columns
-- that come back are the provider's, all else is ours. Running this again changes nothing but the texts.

CREATE TABLE IF NOT EXISTS OrleansQuery (
    QueryKey  varchar(64) PRIMARY KEY,
    QueryText text NOT NULL
);

-- Membership: one version a cluster, which every change of its rows raises by one. A silo whose view is older than the
-- version changes nothing, and so never overwrites what it has not seen.

CREATE TABLE IF NOT EXISTS orleans_cluster (
    cluster_id text PRIMARY KEY,
    version    integer NOT NULL DEFAULT 0,
    changed    timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE IF NOT EXISTS orleans_silo (
    cluster_id    text NOT NULL REFERENCES orleans_cluster ON DELETE CASCADE,
    address       text NOT NULL,
    port          integer NOT NULL,
    generation    integer NOT NULL,
    silo_name     text NOT NULL,
    host_name     text NOT NULL,
    status        integer NOT NULL,
    gateway_port  integer NOT NULL,
    suspect_times text,
    started       timestamptz NOT NULL,
    alive         timestamptz NOT NULL,
    PRIMARY KEY (cluster_id, address, port, generation)
);

-- Grain storage: a row a grain and state name; version is the ETag.

CREATE TABLE IF NOT EXISTS orleans_grain_state (
    service_id text NOT NULL,
    grain_type text NOT NULL,
    key_text   text NOT NULL,
    key_0      bigint NOT NULL,
    key_1      bigint NOT NULL,
    version    integer NOT NULL,
    payload    bytea,
    modified   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service_id, grain_type, key_text, key_0, key_1)
);

-- Reminders: found by the hash of their grain, a range of which each silo has.

CREATE TABLE IF NOT EXISTS orleans_reminder (
    service_id text NOT NULL,
    grain_id   text NOT NULL,
    name       text NOT NULL,
    grain_hash integer NOT NULL,
    start_time timestamptz NOT NULL,
    period     bigint NOT NULL,
    version    integer NOT NULL,
    PRIMARY KEY (service_id, grain_id, name)
);

CREATE INDEX IF NOT EXISTS orleans_reminder_hash ON orleans_reminder (service_id, grain_hash);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES

('InsertMembershipVersionKey', $q$
    WITH added AS (
        INSERT INTO orleans_cluster (cluster_id) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1)
    SELECT EXISTS (SELECT FROM added)
$q$),

('InsertMembershipKey', $q$
    WITH raised AS (
        UPDATE orleans_cluster SET version = version + 1, changed = now()
        WHERE cluster_id = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT FROM orleans_silo
            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    added AS (
        INSERT INTO orleans_silo (cluster_id, address, port, generation, silo_name, host_name, status, gateway_port, started, alive)
        SELECT cluster_id, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM raised
        RETURNING 1)
    SELECT EXISTS (SELECT FROM added)
$q$),

('UpdateMembershipKey', $q$
    WITH raised AS (
        UPDATE orleans_cluster SET version = version + 1, changed = now()
        WHERE cluster_id = @DeploymentId AND version = @Version AND EXISTS (
            SELECT FROM orleans_silo
            WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING cluster_id),
    changed AS (
        UPDATE orleans_silo s SET status = @Status, suspect_times = @SuspectTimes, alive = @IAmAliveTime
        FROM raised
        WHERE s.cluster_id = raised.cluster_id AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
        RETURNING 1)
    SELECT EXISTS (SELECT FROM changed)
$q$),

('UpdateIAmAlivetimeKey', $q$
    UPDATE orleans_silo SET alive = @IAmAliveTime
    WHERE cluster_id = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$q$),

('MembershipReadRowKey', $q$
    SELECT s.address AS Address, s.port AS Port, s.generation AS Generation, s.silo_name AS SiloName, s.host_name AS HostName,
           s.status AS Status, s.gateway_port AS ProxyPort, s.suspect_times AS SuspectTimes, s.started AS StartTime,
           s.alive AS IAmAliveTime, c.version AS Version
    FROM orleans_cluster c LEFT JOIN orleans_silo s
      ON s.cluster_id = c.cluster_id AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
    WHERE c.cluster_id = @DeploymentId
$q$),

('MembershipReadAllKey', $q$
    SELECT s.address AS Address, s.port AS Port, s.generation AS Generation, s.silo_name AS SiloName, s.host_name AS HostName,
           s.status AS Status, s.gateway_port AS ProxyPort, s.suspect_times AS SuspectTimes, s.started AS StartTime,
           s.alive AS IAmAliveTime, c.version AS Version
    FROM orleans_cluster c LEFT JOIN orleans_silo s ON s.cluster_id = c.cluster_id
    WHERE c.cluster_id = @DeploymentId
$q$),

('GatewaysQueryKey', $q$
    SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation
    FROM orleans_silo WHERE cluster_id = @DeploymentId AND status = @Status AND gateway_port > 0
$q$),

('CleanupDefunctSiloEntriesKey', $q$
    DELETE FROM orleans_silo WHERE cluster_id = @DeploymentId AND alive < @IAmAliveTime AND status = 6 -- dead
$q$),

('DeleteMembershipTableEntriesKey', $q$
    DELETE FROM orleans_cluster WHERE cluster_id = @DeploymentId
$q$),

('WriteToStorageKey', $q$
    WITH changed AS (
        UPDATE orleans_grain_state SET payload = @PayloadBinary, version = version + 1, modified = now()
        WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_text = coalesce(@GrainIdExtensionString, '')
          AND key_0 = @GrainIdN0 AND key_1 = @GrainIdN1 AND version = @GrainStateVersion
        RETURNING version),
    added AS (
        INSERT INTO orleans_grain_state (service_id, grain_type, key_text, key_0, key_1, version, payload)
        SELECT @ServiceId, @GrainTypeString, coalesce(@GrainIdExtensionString, ''), @GrainIdN0, @GrainIdN1, 1, @PayloadBinary
        WHERE @GrainStateVersion IS NULL
        ON CONFLICT DO NOTHING
        RETURNING version)
    SELECT version AS NewGrainStateVersion FROM changed UNION ALL SELECT version FROM added
$q$),

('ReadFromStorageKey', $q$
    SELECT payload AS PayloadBinary, version AS Version
    FROM orleans_grain_state
    WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_text = coalesce(@GrainIdExtensionString, '')
      AND key_0 = @GrainIdN0 AND key_1 = @GrainIdN1
$q$),

('ClearStorageKey', $q$
    UPDATE orleans_grain_state SET payload = NULL, version = version + 1, modified = now()
    WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_text = coalesce(@GrainIdExtensionString, '')
      AND key_0 = @GrainIdN0 AND key_1 = @GrainIdN1 AND version = @GrainStateVersion
    RETURNING version
$q$),

('DeleteStorageKey', $q$
    DELETE FROM orleans_grain_state
    WHERE service_id = @ServiceId AND grain_type = @GrainTypeString AND key_text = coalesce(@GrainIdExtensionString, '')
      AND key_0 = @GrainIdN0 AND key_1 = @GrainIdN1 AND version = @GrainStateVersion
    RETURNING version + 1
$q$),

('UpsertReminderRowKey', $q$
    INSERT INTO orleans_reminder AS r (service_id, grain_id, name, grain_hash, start_time, period, version)
    VALUES (@ServiceId, @GrainId, @ReminderName, @GrainHash, @StartTime, @Period, 1)
    ON CONFLICT (service_id, grain_id, name) DO UPDATE
    SET grain_hash = excluded.grain_hash, start_time = excluded.start_time, period = excluded.period, version = r.version + 1
    RETURNING version AS Version
$q$),

('ReadReminderRowKey', $q$
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service_id = @ServiceId AND grain_id = @GrainId AND name = @ReminderName
$q$),

('ReadReminderRowsKey', $q$
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service_id = @ServiceId AND grain_id = @GrainId
$q$),

('ReadRangeRows1Key', $q$
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service_id = @ServiceId AND grain_hash > @BeginHash AND grain_hash <= @EndHash
$q$),

-- The range that goes over the end of the ring.
('ReadRangeRows2Key', $q$
    SELECT grain_id AS GrainId, name AS ReminderName, start_time AS StartTime, period AS Period, version AS Version
    FROM orleans_reminder WHERE service_id = @ServiceId AND (grain_hash > @BeginHash OR grain_hash <= @EndHash)
$q$),

('DeleteReminderRowKey', $q$
    WITH gone AS (
        DELETE FROM orleans_reminder
        WHERE service_id = @ServiceId AND grain_id = @GrainId AND name = @ReminderName AND version = @Version
        RETURNING 1)
    SELECT EXISTS (SELECT FROM gone)
$q$),

('DeleteReminderRowsKey', $q$
    DELETE FROM orleans_reminder WHERE service_id = @ServiceId
$q$)

ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText;
