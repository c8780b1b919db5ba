using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary>What a load test calls: the cluster's recommender; or, dry, nothing, which answers at once.</summary>
internal sealed class LoadTestCalls : IAsyncDisposable
{
    private readonly RecsysClient? _client;
    private readonly RecommendationQuery[] _queries;

    private LoadTestCalls(RecsysClient? client, RecommendationQuery[] queries)
    {
        _client = client;
        _queries = queries;
    }

    /// <summary>Why the first call that failed did, or null.</summary>
    public string? FirstError { get; private set; }

    /// <summary>Attempts of calls that failed because a silo went away, and were repeated.</summary>
    public long Repeated => _client?.Repeated ?? 0;

    /// <summary>Asks a cluster, whose connection it takes over.</summary>
    public static LoadTestCalls To(RecsysClient client, RecommendationQuery[] queries) => new(client, queries);

    /// <summary>Asks nobody.</summary>
    public static LoadTestCalls Dry() => new(null, []);

    /// <summary>Makes call k; true where there is an answer.</summary>
    public async Task<bool> CallAsync(long k, CancellationToken cancellationToken)
    {
        if (_client is null)
        {
            // An answer comes on another thread.
            await Task.Yield();
            return true;
        }

        try
        {
            var query = _queries[(int)((ulong)k * 2654435761 % (ulong)_queries.Length)];
            var list = await _client.Recommender.RecommendAsync(query, cancellationToken).ConfigureAwait(false);
            return list.Items.Count > 0;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            FirstError ??= e.Message;
            return false;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? default;
}
