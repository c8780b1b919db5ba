using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Serving.Partitioned;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Serving;

/// <summary>A model served in partitions, held against the whole model.</summary>
public sealed class PartitionedServingTests : IDisposable
{
    private static readonly Dataset Data =
        SyntheticCatalogue.Create(new SyntheticOptions { Users = 200, Items = 150, MedianHistory = 12, Seed = 3 }).Data;

    private readonly TemporaryFolder _folder = new();
    private readonly MemoryBlobStore _blobs = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("als", 1)]
    [InlineData("als", 3)]
    [InlineData("als-scaled", 3)]
    [InlineData("ease", 1)]
    [InlineData("ease", 7)]
    [InlineData("ease-by-columns", 1)]
    [InlineData("ease-by-columns", 7)]
    public async Task Partitions_answer_every_question_as_the_whole_model_does_to_the_bit(string kind, int partitions)
    {
        using var model = Train(kind);
        await PublishAsync("m", model, byColumns: kind == "ease-by-columns");
        using var shards = new LocalShards(_blobs, _folder["parts"], partitions);
        using var whole = new ServingNode(_blobs, _folder["whole"], long.MaxValue, shards);
        using var split = new ServingNode(_blobs, _folder["split"], 0, shards);
        var updates = new ItemUpdate[]
        {
            new(Data.Items[3]) { Categories = ["a"], Name = "Three" }, new(Data.Items[4]) { Categories = ["a"] },
            new(Data.Items[5]) { Categories = ["b"] }, new(Data.Items[0]) { Available = false },
        };
        foreach (var node in new[] { whole, split })
        {
            node.Catalogue.Items.Upsert(updates);
            var registry = new ModelRegistry(_blobs);
            await node.Models.FollowAsync(await registry.RefreshAsync(), node == split ? shards : null);
        }

        Assert.False(whole.Models.IsPartitioned(null));
        Assert.True(split.Models.IsPartitioned(null));
        Assert.Equal(0, split.Models.Bytes);
        string[] ids = [.. Enumerable.Range(0, 12).Select(i => Data.Items[i * 9])];
        HistoryItem[] mixed = [.. ids.Select((id, i) => new HistoryItem(id, i % 3 == 0 ? 2.5f : i % 5 == 1 ? -1 : 1)), new("unheard")];
        var history = new UserHistory(true, mixed);
        var queries = new RecommendationQuery[]
        {
            new() { Count = 10 },
            new() { Count = 200, Explain = true, Reasons = 5 },
            new() { Count = 7, Offset = 5, KeepSeen = true },
            new() { Count = 20, Categories = ["A", "b"], Exclude = [Data.Items[4]] },
            new() { Count = 20, Allow = [.. Enumerable.Range(60, 30).Select(i => Data.Items[i])], Exclude = [Data.Items[70], "unheard"] },
        };
        foreach (var query in queries)
        {
            for (int u = 0; u < 5; u++)
            {
                Equal(await whole.RecommendAsync(new ServedUser(Data.Users[u]), UserHistory.Unknown, query),
                    await split.RecommendAsync(new ServedUser(Data.Users[u]), UserHistory.Unknown, query));
            }

            Equal(await whole.RecommendAsync(new ServedUser("x"), history, query), await split.RecommendAsync(new ServedUser("x"), history, query));
            Equal(await whole.RecommendAsync(query with { History = mixed[..3] }), await split.RecommendAsync(query with { History = mixed[..3] }));
            var nobody = await split.RecommendAsync(query);
            Assert.True(nobody.Fallback);
            Equal(await whole.RecommendAsync(query), nobody);
        }

        foreach (bool opposite in new[] { false, true })
        {
            var similar = new SimilarQuery(Data.Items[17]) { Opposite = opposite, Count = 15 };
            Equal(await whole.SimilarAsync(similar), await split.SimilarAsync(similar));
        }

        await Assert.ThrowsAsync<UnknownIdException>(() => split.SimilarAsync(new("unheard")));
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public async Task Events_that_weigh_and_dislikes_are_served_as_in_one_process(string kind)
    {
        using var model = Train(kind);
        await PublishAsync(model.Algorithm, model, byColumns: true);
        using var shards = new LocalShards(_blobs, _folder["parts"], 3);
        using var whole = new ServingNode(_blobs, _folder["whole"], long.MaxValue, shards);
        using var split = new ServingNode(_blobs, _folder["split"], 0, shards);
        foreach (var node in new[] { whole, split })
        {
            await node.Models.FollowAsync(await new ModelRegistry(_blobs).RefreshAsync(), shards);
        }

        // One process: the same EASE beside an event log; trained ALS for the histories there (live ALS adds up in the order of the events).
        using var ease = Train("ease");
        await using var alone = await DataDirectory.OpenAsync(_folder["alone"], [ease], new DataDirectoryOptions { Ease = LiveEaseMode.Standing });
        var library = new ModelLibrary();
        library.Add("als", model);
        var trained = new ModelRecommender(library, new ItemStore());
        var receipt = await alone.Engine.AcceptAsync(new IncomingEvent[]
        {
            new("ann", Data.Items[3], "purchase"), new("ann", Data.Items[9], "click"), new("ann", Data.Items[40], "dislike"), new("ann", Data.Items[41], "dislike"),
            new("ann", Data.Items[80], "like"), new("ann", "unheard", "dislike"), new("sour", Data.Items[7], "dislike"), new("sour", Data.Items[8], "dislike"),
        });
        await alone.Engine.WaitAppliedAsync(receipt.Position);
        string disliked = Data.Items[40];
        foreach (string user in new[] { "ann", "sour" })
        {
            var history = (await alone.Recommender.GetUserAsync(user))!.History;
            Assert.Contains(history, h => h.Weight < 0);
            foreach (var query in new RecommendationQuery[]
            {
                new() { Count = 150, Explain = true }, new() { Count = 150, KeepSeen = true }, new() { Count = 9, Offset = 3, Exclude = [Data.Items[11]] },
            })
            {
                var one = kind == "ease"
                    ? await alone.Recommender.RecommendAsync(query with { User = user, Model = "ease" })
                    : await trained.RecommendAsync(query with { History = history });
                var replicated = await whole.RecommendAsync(new ServedUser(user), new UserHistory(true, history), query);
                Equal(replicated, await split.RecommendAsync(new ServedUser(user), new UserHistory(true, history), query));
                Equal(replicated, await whole.RecommendAsync(query with { History = history }));
                Equal(replicated, await split.RecommendAsync(query with { History = history }));
                Assert.Equal(one.Fallback, replicated.Fallback);
                if (one.Fallback)
                {
                    // Which items are popular differs, which are left out does not.
                    Assert.Equal(("sour", false), (user, kind == "als"));
                    Assert.Equal(query.KeepSeen, replicated.Items.Any(i => i.Id == Data.Items[7]));
                }
                else
                {
                    Equal(one, replicated);
                    Assert.Equal(query.KeepSeen, replicated.Items.Any(i => i.Id == disliked && user == "ann") || (query.KeepSeen && user != "ann"));
                }
            }
        }
    }

    [Fact]
    public async Task Of_a_model_stored_by_columns_a_partition_reads_its_own_and_a_front_ids_and_histories()
    {
        const int Partitions = 4;
        using var model = Train("ease");
        await PublishAsync("m", model, byColumns: true);
        var counted = new CountedBlobs(_blobs);
        using var shards = new LocalShards(counted, _folder["parts"], Partitions);
        long weights = 0;
        for (int p = 0; p < Partitions; p++)
        {
            counted.Clear();
            await Task.WhenAll(shards.PrepareAsync(p, "m", "1"), shards.PrepareAsync(p, "m", "1"));
            long bytes = counted.Read.Where(r => r.Key.Contains("/tiles/", StringComparison.Ordinal)).Sum(r => r.Value - 16L);
            Assert.Equal((long)ItemShard.ItemsOf(Data.Items, p, Partitions).Length * Data.Items.Count * sizeof(float), bytes);
            Assert.Equal(2, counted.Read.Count(r => !r.Key.Contains("/tiles/", StringComparison.Ordinal))); // the manifest and the index
            weights += bytes;
        }

        Assert.Equal((long)Data.Items.Count * Data.Items.Count * sizeof(float), weights);
        counted.Clear();
        using var split = new ServingNode(counted, _folder["split"], 0, shards);
        await split.Models.FollowAsync(await new ModelRegistry(_blobs).RefreshAsync(), shards);
        Assert.DoesNotContain(counted.Read.Keys, k => k.Contains("model.safetensors", StringComparison.Ordinal));
        Assert.Equal(10, (await split.RecommendAsync(new ServedUser(Data.Users[0]), UserHistory.Unknown, new() { Count = 10 })).Items.Count);
        Assert.DoesNotContain(Directory.GetFileSystemEntries(_folder["split"], "*", SearchOption.AllDirectories), File.Exists);
    }

    [Fact]
    public async Task A_model_on_its_way_is_said_to_be_loaded()
    {
        using var model = Train("ease");
        await PublishAsync("m", model);
        using var shards = new LocalShards(_blobs, _folder["parts"], 2);
        var choice = await new ModelRegistry(_blobs).RefreshAsync();
        var slow = new CountedBlobs(_blobs) { Held = new TaskCompletionSource() };
        using var waiting = new ServingNode(slow, _folder["waiting"], long.MaxValue, shards);
        var following = waiting.Models.FollowAsync(choice);
        var error = await Assert.ThrowsAsync<InvalidOptionException>(() => waiting.RecommendAsync(new RecommendationQuery { Model = "m" }));
        Assert.Equal("model 'm' is being loaded", error.Message);
        slow.Held.SetResult();
        await following;
        Assert.Equal("1", (await waiting.RecommendAsync(new RecommendationQuery { Model = "m" })).Version);
    }

    [Fact]
    public async Task The_bound_decides_what_is_held_and_a_kind_that_cannot_be_partitioned_is_refused_by_name()
    {
        using var als = Train("als");
        using var popularity = Popularity.PopularityModel.Train(Data);
        await PublishAsync("als", als);
        await PublishAsync("pop", popularity);
        using var shards = new LocalShards(_blobs, _folder["parts"], 2);
        using var measuring = new ServingNode(_blobs, _folder["measuring"], long.MaxValue, shards);
        var active = await new ModelRegistry(_blobs).RefreshAsync();
        await measuring.Models.FollowAsync(active);
        long both = measuring.Models.Bytes;

        // The default model, published first, goes before the other.
        using var node = new ServingNode(_blobs, _folder["node"], both - 1, shards);
        await node.Models.FollowAsync(active);
        Assert.False(node.Models.IsPartitioned("als"));
        Assert.InRange(node.Models.Bytes, 1, both - 1);
        var error = await Assert.ThrowsAsync<InvalidOptionException>(() => node.RecommendAsync(new RecommendationQuery { Model = "pop" }));
        Assert.Contains("cannot be served in partitions", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_was_dropped_is_loaded_again_when_it_is_asked_for()
    {
        using var shards = new LocalShards(_blobs, _folder["parts"], 2);
        for (int v = 1; v <= 4; v++)
        {
            using var model = EaseTrainer.Train(Data, new EaseOptions { Regularization = 10 * v, Threads = 1 });
            await PublishAsync("m", model);
            await shards.PrepareAsync(0, "m", $"{v}");
        }

        var request = new ScoringRequest(new UserProfile(new[] { 1, 5 }, default, default), ItemFilter.Default, 5);
        var first = await shards.TopAsync(0, "m", "1", request);
        Assert.NotEqual(first, await shards.TopAsync(0, "m", "4", request));
        Assert.Equal(first, await shards.TopAsync(0, "m", "1", request));
        await Assert.ThrowsAsync<UnknownIdException>(() => shards.TopAsync(0, "m", "9", request));
    }

    [Fact]
    public async Task Following_swaps_at_once_keeps_what_fails_to_load_out_and_clears_old_files_away()
    {
        using var shards = new LocalShards(_blobs, _folder["parts"], 2);
        using var node = new ServingNode(_blobs, _folder["node"], long.MaxValue, shards);
        var registry = new ModelRegistry(_blobs);
        for (int v = 1; v <= 3; v++)
        {
            using var model = EaseTrainer.Train(Data, new EaseOptions { Regularization = 10 * v, Threads = 1 });
            await PublishAsync("m", model);
            await node.Models.FollowAsync(await registry.RefreshAsync());
            Assert.Equal($"{v}", (await node.RecommendAsync(new RecommendationQuery { Count = 3 })).Version);
        }

        Assert.Equal(["2", "3"], Directory.GetDirectories(Path.Combine(_folder["node"], "m")).Select(Path.GetFileName).Order());
        var broken = registry.Current with { Revision = 99, Active = new Dictionary<string, string> { ["m"] = "3", ["none"] = "1" } };
        await Assert.ThrowsAsync<UnknownIdException>(() => node.Models.FollowAsync(broken));
        Assert.Equal("3", (await node.RecommendAsync(new RecommendationQuery { Count = 3 })).Version);
        Assert.NotEqual(99, node.Models.Active.Revision);
        Assert.Equal("2", (await registry.RollBackAsync("m")).Version);
        await node.Models.FollowAsync(registry.Current);
        Assert.Equal("2", (await node.RecommendAsync(new RecommendationQuery { Count = 3 })).Version);
        await Assert.ThrowsAsync<InvalidOptionException>(() => registry.RollBackAsync("m").AsTask());
    }

    [Fact]
    public async Task Any_number_of_catalogues_read_and_write_the_same_items()
    {
        using var one = new Catalogue(_blobs);
        using var two = new Catalogue(_blobs);
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => (i % 2 == 0 ? one : two).UpsertAsync([new($"item-{i % 50}") { Name = $"{i / 50}" }]).AsTask()));
        Assert.True(await two.DeleteAsync("item-7"));
        using var late = new Catalogue(_blobs);
        foreach (var catalogue in new[] { one, two, late })
        {
            await catalogue.RefreshAsync();
            Assert.Equal(49, catalogue.Items.Count);
            Assert.True(catalogue.Items.IsDeleted("item-7"));
        }

        Assert.Equal(
            one.Items.All.Select(i => (i.Id, i.Name)).Order(), late.Items.All.Select(i => (i.Id, i.Name)).Order());
        Assert.False(await one.DeleteAsync("item-7"));
        Assert.InRange((await _blobs.ListAsync("serving/items/")).Count, 1, 70);
    }

    private static IRecommenderModel Train(string kind) => kind switch
    {
        "als" => AlsTrainer.Train(Data, new AlsOptions { Factors = 24, Alpha = 5, Regularization = 5, Iterations = 3, Threads = 1 }),
        "als-scaled" => AlsTrainer.Train(Data, new AlsOptions { Factors = 16, UnobservedWeight = 0.1, Regularization = 0.01, RegularizationExponent = 1, Iterations = 3, Threads = 1 }),
        _ => EaseTrainer.Train(Data, new EaseOptions { Regularization = 20, Threads = 1 }),
    };

    private async Task PublishAsync(string name, IRecommenderModel model, bool byColumns = false)
    {
        string version = await ModelBlobs.SaveAsync(
            _blobs, name, model.ToContents(), claim: null, leastTiled: byColumns ? 0 : long.MaxValue, CancellationToken.None);
        await new ModelRegistry(_blobs).AddedAsync(name, version, activate: true);
    }

    private static void Equal(RecommendationList expected, RecommendationList found)
    {
        Assert.Equal((expected.Model, expected.Version, expected.Fallback), (found.Model, found.Version, found.Fallback));
        Assert.Equal(expected.Items.Select(i => (i.Id, i.Score, i.Name)), found.Items.Select(i => (i.Id, i.Score, i.Name)));
        Assert.Equal(expected.Items.Select(i => i.Reasons?.Count), found.Items.Select(i => i.Reasons?.Count));
        Assert.Equal(expected.Items.SelectMany(i => i.Reasons ?? []), found.Items.SelectMany(i => i.Reasons ?? []));
    }

    /// <summary>Blobs that tell which of them were read, and how many bytes of each.</summary>
    private sealed class CountedBlobs(IBlobStore blobs) : IBlobStore
    {
        public System.Collections.Concurrent.ConcurrentDictionary<string, long> Read { get; } = new();

        public TaskCompletionSource? Held { get; init; }

        public void Clear() => Read.Clear();

        public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default)
        {
            await (Held?.Task ?? Task.CompletedTask);
            byte[]? bytes = await blobs.GetAsync(key, cancellationToken);
            Read.AddOrUpdate(key, bytes?.Length ?? 0, (_, before) => before + (bytes?.Length ?? 0));
            return bytes;
        }

        public ValueTask<bool> PutAsync(string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default) =>
            blobs.PutAsync(key, bytes, replace, cancellationToken);

        public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default) => blobs.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default) => blobs.DeleteAsync(prefix, cancellationToken);
    }

    private sealed class LocalShards(IBlobStore blobs, string folder, int partitions) : IItemShards, IDisposable
    {
        private readonly ItemShardSet[] _sets = [.. Enumerable.Range(0, partitions).Select(p => new ItemShardSet(blobs, folder, p, partitions))];

        public int Partitions => partitions;

        public Task PrepareAsync(int partition, string model, string version, CancellationToken cancellationToken = default) =>
            _sets[partition].PrepareAsync(model, version, cancellationToken);

        public Task<ScoredItem[]> TopAsync(
            int partition, string model, string version, ScoringRequest request, CancellationToken cancellationToken = default) =>
            _sets[partition].TopAsync(model, version, request, cancellationToken);

        public Task<float[]> FactorsAsync(int partition, string model, string version, int[] items, CancellationToken cancellationToken = default) =>
            _sets[partition].FactorsAsync(model, version, items, cancellationToken);

        public Task<float[]> CosinesAsync(int partition, string model, string version, float[] factors, CancellationToken cancellationToken = default) =>
            _sets[partition].CosinesAsync(model, version, factors, cancellationToken);

        public Task<float[]> WeightsAsync(
            int partition, string model, string version, int[]? rows, int[] columns, CancellationToken cancellationToken = default) =>
            _sets[partition].WeightsAsync(model, version, rows, columns, cancellationToken);

        public void Dispose()
        {
            foreach (var set in _sets)
            {
                set.Dispose();
            }
        }
    }
}
