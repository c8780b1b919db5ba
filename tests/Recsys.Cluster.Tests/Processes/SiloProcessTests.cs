using Recsys.Cluster.Tests.Postgres;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Tests with silos as processes, in a database of their own.</summary>
[Collection(PostgresCollection.Name)]
public abstract class SiloProcessTests : IDisposable
{
    /// <summary>Name of the cluster.</summary>
    protected const string Cluster = "one";

    private readonly Lazy<string> _connection = new(() => PostgresServer.Instance.CreateDatabase());

    /// <summary>The database.</summary>
    protected string Connection => _connection.Value;

    /// <summary>A folder for files of the silos and of the test.</summary>
    protected string Cache { get; } = Directory.CreateTempSubdirectory("recsys-processes-").FullName;

    /// <summary>The silos, in the order they were started.</summary>
    private protected List<SiloProcess> Silos { get; } = [];

    public void Dispose()
    {
        Silos.ForEach(s => s.Dispose());
        Directory.Delete(Cache, recursive: true);
    }

    /// <summary>Starts silos and waits until all are ready.</summary>
    protected async Task StartAsync(int count, params string[] more) =>
        Silos.AddRange(await SiloProcess.StartAsync(count, Connection, Cluster, Cache, more));
}
