using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class ModelBlobsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryBlobStore _store = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_model_comes_back_from_its_blobs_byte_for_byte()
    {
        // More than one chunk of 4 MB.
        var contents = SampleModel.Make(users: 9000, k: 130);
        string version = await ModelBlobs.SaveAsync(_store, "mine", contents);
        Assert.Equal("1", version);
        Assert.Contains("models/mine/000001/model.safetensors/000001", await _store.ListAsync(""));
        using var opened = await ModelBlobs.OpenAsync(_store, "mine", "1", _folder["cache"]);
        ModelStore.Save(contents, _folder["plain"]);
        foreach (string file in new[] { "model.safetensors", "ids.safetensors", "histories.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["plain"], file)), File.ReadAllBytes(Path.Combine(opened.Directory, file)));
        }
    }

    [Theory]
    [InlineData(1030)]
    [InlineData(1500)]
    public async Task A_matrix_of_items_by_items_lies_in_tiles_and_comes_back_byte_for_byte(int items)
    {
        var contents = Square(items);
        await ModelBlobs.SaveAsync(_store, "square", contents);
        var keys = await _store.ListAsync("models/square/");
        Assert.Contains("models/square/000001/tiles", keys);
        Assert.Contains("models/square/000001/model.safetensors/tiles/000000/00", keys);
        Assert.DoesNotContain("models/square/000001/model.safetensors/000000", keys);
        using var opened = await ModelBlobs.OpenAsync(_store, "square", "1", _folder["cache"], new OpenOptions { Verify = ModelVerification.Sha256 });
        ModelStore.Save(contents, _folder["plain"]);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(_folder["plain"], "model.safetensors")), File.ReadAllBytes(Path.Combine(opened.Directory, "model.safetensors")));
    }

    [Theory]
    [InlineData("tiles/000000/07", false)]
    [InlineData("tiles/000000/07", true)]
    [InlineData("rest/000000", false)]
    [InlineData("rest/000000", true)]
    [InlineData("../tiles", false)]
    public async Task An_altered_or_missing_tile_is_refused(string name, bool missing)
    {
        await ModelBlobs.SaveAsync(_store, "m", Square(1030));
        string key = name.StartsWith("../", StringComparison.Ordinal) ? "models/m/000001/" + name[3..] : "models/m/000001/model.safetensors/" + name;
        byte[] blob = (await _store.GetAsync(key))!.ToArray();
        blob[^1] ^= 1;
        await _store.DeleteAsync(key);
        if (!missing)
        {
            await _store.PutAsync(key, blob);
        }

        await Assert.ThrowsAsync<ModelFormatException>(() => ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"]));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Combine(_folder["cache"], "m")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(66)]
    public async Task Saving_that_fails_on_the_way_leaves_no_version_and_made_again_makes_it(int puts)
    {
        var contents = Square(1030);
        var failing = new FailingStore(_store, puts);
        await Assert.ThrowsAsync<RecsysException>(() => ModelBlobs.SaveAsync(failing, "m", contents, "training-a"));
        Assert.Empty(await ModelBlobs.ListVersionsAsync(_store, "m"));
        Assert.Equal("1", await ModelBlobs.SaveAsync(_store, "m", contents, "training-a"));
        using var opened = await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"], new OpenOptions { Verify = ModelVerification.Sha256 });
        Assert.Equal(1030, opened.Items.Count);
    }

    [Fact]
    public async Task Many_who_open_a_version_at_once_fetch_it_once()
    {
        await ModelBlobs.SaveAsync(_store, "m", SampleModel.Make());
        var opened = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"]))));
        Assert.Single(opened.Select(o => o.Directory).Distinct());
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(_folder["cache"], "m")));
        Array.ForEach(opened, o => o.Dispose());
    }

    [Fact]
    public async Task Versions_count_up_and_a_repeated_claim_gets_its_own_again()
    {
        var contents = SampleModel.Make();
        Assert.Equal("1", await ModelBlobs.SaveAsync(_store, "m", contents, "training-a"));
        Assert.Equal("2", await ModelBlobs.SaveAsync(_store, "m", contents, "training-b"));
        Assert.Equal("1", await ModelBlobs.SaveAsync(_store, "m", contents, "training-a"));
        Assert.Equal("3", await ModelBlobs.SaveAsync(_store, "m", contents));
        Assert.Equal(["1", "2", "3"], await ModelBlobs.ListVersionsAsync(_store, "m"));
        Assert.Equal(["m"], await ModelBlobs.ListModelsAsync(_store));
        await ModelBlobs.DeleteAsync(_store, "m", "2");
        Assert.Equal(["1", "3"], await ModelBlobs.ListVersionsAsync(_store, "m"));
        await Assert.ThrowsAsync<UnknownIdException>(() => ModelBlobs.OpenAsync(_store, "m", "2", _folder["cache"]));
        await Assert.ThrowsAsync<UnknownIdException>(() => ModelBlobs.OpenAsync(_store, "m", "x", _folder["cache"]));
    }

    [Fact]
    public async Task Versions_claimed_at_once_differ()
    {
        var contents = SampleModel.Make();
        var versions = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ =>
            Task.Run(() => ModelBlobs.SaveAsync(_store, "m", contents))));
        Assert.Equal(8, versions.Distinct().Count());
        Assert.Equal(8, (await ModelBlobs.ListVersionsAsync(_store, "m")).Count);
    }

    [Fact]
    public async Task Without_its_manifest_a_version_is_not_there_and_an_altered_chunk_is_refused()
    {
        await ModelBlobs.SaveAsync(_store, "m", SampleModel.Make());
        byte[] chunk = (await _store.GetAsync("models/m/000001/ids.safetensors/000000"))!.ToArray();
        chunk[^1] ^= 1;
        await _store.PutAsync("models/m/000001/ids.safetensors/000000", chunk, replace: true);
        await Assert.ThrowsAsync<ModelFormatException>(() => ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"]));
        await _store.DeleteAsync("models/m/000001/manifest.json");
        Assert.Empty(await ModelBlobs.ListVersionsAsync(_store, "m"));
    }

    [Fact]
    public async Task A_cached_model_is_opened_without_its_chunks_and_a_damaged_one_is_fetched_again()
    {
        await ModelBlobs.SaveAsync(_store, "m", SampleModel.Make());
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
        string ids = Path.Combine(_folder["cache"], "m", "1", "ids.safetensors");
        File.WriteAllBytes(ids, []);
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
        await _store.DeleteAsync("models/m/000001/ids.safetensors");
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
    }

    /// <summary>Takes so many blobs and no more.</summary>
    private sealed class FailingStore(IBlobStore store, int puts) : IBlobStore
    {
        private int _left = puts;

        public ValueTask<bool> PutAsync(string key, ReadOnlyMemory<byte> bytes, bool replace, CancellationToken cancellationToken) =>
            Interlocked.Decrement(ref _left) < 0 ? throw new RecsysException("full") : store.PutAsync(key, bytes, replace, cancellationToken);

        public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken) => store.GetAsync(key, cancellationToken);

        public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken) => store.ListAsync(prefix, cancellationToken);

        public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken) => store.DeleteAsync(prefix, cancellationToken);
    }

    /// <summary>A model with an items × items matrix, and an array before and one behind it in the file.</summary>
    private static ModelContents Square(int n)
    {
        var sample = SampleModel.Make();
        var items = new IdTable();
        for (int i = 0; i < n; i++)
        {
            items.GetOrAdd($"item-{i}");
        }

        var random = new Random(n);
        var weights = new DenseMatrix(n, n);
        for (int r = 0; r < n; r++)
        {
            foreach (ref float value in weights.Row(r))
            {
                value = random.NextSingle() - 0.5f;
            }
        }

        var tensors = new Dictionary<string, Tensor>
        {
            ["weights"] = Tensor.From(weights),
            ["a"] = Tensor.Copy<float>([.. Enumerable.Range(0, 32).Select(i => (float)i)], TensorType.F32),
            ["inverse_diagonal"] = Tensor.Copy<float>([.. Enumerable.Range(0, n).Select(i => (float)i)], TensorType.F32),
        };
        return new ModelContents(sample.Facts, tensors, sample.Users, items, new SparseMatrix(sample.Users.Count, n, new long[sample.Users.Count + 1], [], null));
    }
}
