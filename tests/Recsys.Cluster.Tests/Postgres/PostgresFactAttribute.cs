namespace Recsys.Cluster.Tests.Postgres;

/// <summary>A test on a real PostgreSQL; shown as skipped where none is installed.</summary>
internal class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute()
    {
        if (!PostgresServer.IsPresent)
        {
            Skip = "PostgreSQL is not installed (or set RECSYS_TEST_POSTGRES)";
        }
    }
}
