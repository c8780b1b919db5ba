using Recsys.Cluster.Tests.Postgres;

// The name space of the contract, which finds it here.
namespace Recsys.Engine.Tests.Storage;

/// <summary>A test of the contract of journals, on PostgreSQL.</summary>
internal sealed class JournalFactAttribute : PostgresFactAttribute;
