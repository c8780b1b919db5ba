using Npgsql;
using Recsys.Engine;

namespace Recsys.Silo.Postgres;

/// <summary>One line for what the database says.</summary>
internal static class PostgresErrors
{
    public static RecsysException Explain(string what, NpgsqlException e)
    {
        string message = e is PostgresException { SqlState: PostgresErrorCodes.UndefinedTable }
            ? "its tables are not there: start one silo with --create-schema"
            : e.Message;
        string cause = e.InnerException is { } inner ? $": {inner.Message}" : "";
        return new RecsysException($"PostgreSQL: {what}: {message}{cause}".ReplaceLineEndings(" "), e);
    }
}
