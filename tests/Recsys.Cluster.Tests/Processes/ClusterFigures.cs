using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>
/// Figures of silo processes, written to standard output and to the file that RECSYS_FIGURES_OUT names:
/// <c>RECSYS_FIGURES="FILE ALGORITHM SILOS [option=value …]"</c>, e.g. <c>"ml-1m/train.tsv als 2 factors=128"</c>. The best of RECSYS_FIGURES_RUNS runs counts (3).
/// </summary>
[Trait("Category", "Figures")]
public sealed class ClusterFigures : SiloProcessTests
{
    /// <summary>Processor seconds of training on silos against the Engine in this process, and bytes moved against the formula.</summary>
    [FiguresFact]
    public async Task Training()
    {
        string[] words = Environment.GetEnvironmentVariable("RECSYS_FIGURES")!.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var data = Dataset.Load(words[0]);
        string algorithm = words[1];
        int silos = int.Parse(words[2], CultureInfo.InvariantCulture);
        var given = new OptionBag(words[3..].Select(w => w.Split('=')).Select(p => new KeyValuePair<string, string>(p[0], p[1])));
        var options = Algorithms.Get(algorithm).Complete(data, given);
        string threads = $"{Math.Max(1, Environment.ProcessorCount / silos)}";
        await StartAsync(silos, "--threads", threads);
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = Cluster, Postgres = Connection });
        await using var database = NpgsqlDataSource.Create(Connection);
        var store = new PostgresBlobStore(database);
        await ClusterDataset.SaveAsync(store, "data", data);

        // The first training compiles the code, of the silos as of this process.
        double best = double.MaxValue, engine = double.MaxValue;
        ClusterTrainingStatus status = null!;
        int runs = int.Parse(Environment.GetEnvironmentVariable("RECSYS_FIGURES_RUNS") ?? "3", CultureInfo.InvariantCulture);
        for (int run = 0; run < runs; run++)
        {
            double before = Cpu();
            status = await TrainAsync(client, $"run-{run}", algorithm, options);
            best = Math.Min(best, Cpu() - before);

            before = Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
            using (var model = Algorithms.Get(algorithm).Train(data, options))
            {
                string folder = Path.Combine(Cache, $"model-{run}");
                ModelStore.Save(model.ToContents(), folder);
                Directory.Delete(folder, recursive: true);
            }

            engine = Math.Min(engine, Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds - before);
        }

        long received = status.Phases.Sum(p => p.Received), expected = status.Phases.Sum(p => p.Expected);
        Say(FormattableString.Invariant(
            $"{Path.GetFileName(Path.GetDirectoryName(words[0]))} {algorithm} {string.Join(' ', words[3..])}, {silos} silo processes: {status.Seconds:F1} s, CPU {best:F2} s against {engine:F2} s of the Engine ({best / engine:F2}x), moved {received / 1e6:F1} MB, formula {expected / 1e6:F1} MB"));
    }

    /// <summary>Processor seconds of blobs to and from PostgreSQL, by the size of the connection's buffers.</summary>
    [FiguresFact]
    public async Task Blobs()
    {
        const int Count = 64;
        byte[] blob = new byte[4 << 20];
        new Random(1).NextBytes(blob);
        foreach (int buffer in new[] { 8 << 10, 32 << 10, 128 << 10, 8 << 10, 32 << 10, 128 << 10 })
        {
            string connection = PostgresServer.Instance.CreateDatabase();
            await PostgresSchema.PrepareAsync(connection, create: true);
            await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connection) { ReadBufferSize = buffer, WriteBufferSize = buffer });
            var store = new PostgresBlobStore(database);
            double Now() => Process.GetCurrentProcess().TotalProcessorTime.TotalSeconds;
            double began = Now();
            var clock = Stopwatch.StartNew();
            for (int b = 0; b < Count; b++)
            {
                await store.PutAsync($"b/{b}", blob);
            }

            double put = Now() - began, putSeconds = clock.Elapsed.TotalSeconds;
            began = Now();
            clock.Restart();
            for (int b = 0; b < Count; b++)
            {
                await store.GetAsync($"b/{b}");
            }

            double megabytes = (double)Count * blob.Length / 1e6;
            Say(FormattableString.Invariant(
                $"buffers of {buffer >> 10} KB: put {put / megabytes * 1e3:F2} ms CPU a MB ({megabytes / putSeconds:F0} MB/s), get {(Now() - began) / megabytes * 1e3:F2} ms CPU a MB ({megabytes / clock.Elapsed.TotalSeconds:F0} MB/s)"));
        }
    }

    private static async Task<ClusterTrainingStatus> TrainAsync(RecsysClient client, string id, string algorithm, OptionBag options)
    {
        var training = client.Grains.GetGrain<ITrainingCoordinatorGrain>(id);
        await training.StartAsync(new ClusterTrainingRequest { Dataset = "data", Algorithm = algorithm, Options = options.Values, Activate = false });
        while (true)
        {
            var status = (await training.GetStatusAsync())!;
            if (status.Ended)
            {
                Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
                return status;
            }

            await Task.Delay(100);
        }
    }

    private static void Say(string line)
    {
        Console.WriteLine(line);
        if (Environment.GetEnvironmentVariable("RECSYS_FIGURES_OUT") is { Length: > 0 } file)
        {
            File.AppendAllText(file, line + "\n");
        }
    }

    private double Cpu() => Silos.Sum(s => s.ProcessorTime.TotalSeconds);
}
