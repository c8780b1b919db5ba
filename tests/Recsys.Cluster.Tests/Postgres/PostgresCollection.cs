namespace Recsys.Cluster.Tests.Postgres;

/// <summary>Tests that share a PostgreSQL server.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}
