using Recsys.Engine.Data;
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
        string version = await ModelBlobs.SaveAsync(_store, "mine", contents, _folder["tmp"]);
        Assert.Equal("1", version);
        Assert.Contains("models/mine/000001/model.safetensors/000001", await _store.ListAsync(""));
        using var opened = await ModelBlobs.OpenAsync(_store, "mine", "1", _folder["cache"]);
        ModelStore.Save(contents, _folder["plain"]);
        foreach (string file in new[] { "model.safetensors", "ids.safetensors", "histories.safetensors" })
        {
            Assert.Equal(File.ReadAllBytes(Path.Combine(_folder["plain"], file)), File.ReadAllBytes(Path.Combine(opened.Directory, file)));
        }

        Assert.Empty(Directory.GetFileSystemEntries(_folder["tmp"]));
    }

    [Fact]
    public async Task Versions_count_up_and_a_repeated_claim_gets_its_own_again()
    {
        var contents = SampleModel.Make();
        Assert.Equal("1", await ModelBlobs.SaveAsync(_store, "m", contents, _folder["tmp"], "training-a"));
        Assert.Equal("2", await ModelBlobs.SaveAsync(_store, "m", contents, _folder["tmp"], "training-b"));
        Assert.Equal("1", await ModelBlobs.SaveAsync(_store, "m", contents, _folder["tmp"], "training-a"));
        Assert.Equal("3", await ModelBlobs.SaveAsync(_store, "m", contents, _folder["tmp"]));
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
            Task.Run(() => ModelBlobs.SaveAsync(_store, "m", contents, _folder["tmp"]))));
        Assert.Equal(8, versions.Distinct().Count());
        Assert.Equal(8, (await ModelBlobs.ListVersionsAsync(_store, "m")).Count);
    }

    [Fact]
    public async Task Without_its_manifest_a_version_is_not_there_and_an_altered_chunk_is_refused()
    {
        await ModelBlobs.SaveAsync(_store, "m", SampleModel.Make(), _folder["tmp"]);
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
        await ModelBlobs.SaveAsync(_store, "m", SampleModel.Make(), _folder["tmp"]);
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
        string ids = Path.Combine(_folder["cache"], "m", "1", "ids.safetensors");
        File.WriteAllBytes(ids, []);
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
        await _store.DeleteAsync("models/m/000001/ids.safetensors");
        (await ModelBlobs.OpenAsync(_store, "m", "1", _folder["cache"])).Dispose();
    }
}
