using System.Globalization;
using System.Text.Json;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>
/// Jobs in the blob store: <c>jobs/000007/request</c>; <c>jobs/000007/training</c> once its data set is there, with the
/// options that depend on it; and <c>jobs/000007/end</c> for one that ended before its training began: why, or "" for
/// cancelled.
/// </summary>
internal sealed class JobStore(IBlobStore blobs)
{
    private const string Root = "jobs/";

    /// <summary>Writes a job down; false where its number is taken.</summary>
    public async Task<bool> TryAddAsync(JobRecord job) =>
        await blobs.PutAsync(Key(job.Number, "request"), JsonSerializer.SerializeToUtf8Bytes(job));

    /// <summary>The last jobs, oldest first, each with why it ended before it began, if it did.</summary>
    public async Task<List<(JobRecord Job, string? End)>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var keys = await blobs.ListAsync(Root, cancellationToken);
        var found = new List<(JobRecord, string?)>();
        foreach (string key in keys.Where(k => k.EndsWith("/request", StringComparison.Ordinal)).TakeLast(most))
        {
            if (await blobs.GetAsync(key, cancellationToken) is { } json)
            {
                var job = JsonSerializer.Deserialize<JobRecord>(json)!;
                byte[]? end = await blobs.GetAsync(Key(job.Number, "end"), cancellationToken);
                found.Add((job, end is null ? null : System.Text.Encoding.UTF8.GetString(end)));
            }
        }

        return found;
    }

    /// <summary>What is to be trained, once the data set is there.</summary>
    public async Task<ClusterTrainingRequest?> FindTrainingAsync(int number, CancellationToken cancellationToken) =>
        await blobs.GetAsync(Key(number, "training"), cancellationToken) is { } json ? JsonSerializer.Deserialize<ClusterTrainingRequest>(json) : null;

    /// <summary>Writes down what is to be trained.</summary>
    public async Task SaveTrainingAsync(int number, ClusterTrainingRequest training, CancellationToken cancellationToken) =>
        await blobs.PutAsync(Key(number, "training"), JsonSerializer.SerializeToUtf8Bytes(training), replace: true, cancellationToken);

    /// <summary>Writes down that a job ended before its training began; the first reason stays.</summary>
    public async Task EndAsync(int number, string reason) =>
        await blobs.PutAsync(Key(number, "end"), System.Text.Encoding.UTF8.GetBytes(reason));

    private static string Key(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{Root}{number:D6}/{what}");
}
