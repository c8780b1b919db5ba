using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class BlobStoreTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Stores => ["memory", "file"];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task A_blob_comes_back_as_it_was_put(string kind)
    {
        var store = Create(kind);
        Assert.True(await store.PutAsync("data/a/users/07", new byte[] { 1, 2, 3 }));
        Assert.True(await store.PutAsync("empty", default));
        Assert.Equal(new byte[] { 1, 2, 3 }, await store.GetAsync("data/a/users/07"));
        Assert.Equal([null, [1, 2, 3]], await store.GetAllAsync(["data/a/users/08", "data/a/users/07"]));
        Assert.Equal(new byte[] { }, await store.GetAsync("empty"));
        Assert.Null(await store.GetAsync("data/a/users/08"));
        Assert.Null(await store.GetAsync("data/a"));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task The_first_writer_of_a_key_wins_unless_the_second_replaces(string kind)
    {
        var store = Create(kind);
        await store.PutAsync("k", new byte[] { 1 });
        Assert.False(await store.PutAsync("k", new byte[] { 2 }));
        Assert.Equal(new byte[] { 1 }, await store.GetAsync("k"));
        Assert.True(await store.PutAsync("k", new byte[] { 3 }, replace: true));
        Assert.Equal(new byte[] { 3 }, await store.GetAsync("k"));
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Of_many_writers_at_once_one_is_told_that_it_won(string kind)
    {
        var store = Create(kind);
        var told = await Task.WhenAll(Enumerable.Range(0, 32).Select(i =>
            Task.Run(async () => await store.PutAsync("state/000001", new[] { (byte)i }))));
        Assert.Single(told, won => won);
        byte[] winner = (await store.GetAsync("state/000001"))!;
        Assert.True(told[winner[0]]);
    }

    [Theory]
    [MemberData(nameof(Stores))]
    public async Task Keys_are_listed_and_deleted_by_prefix(string kind)
    {
        var store = Create(kind);
        foreach (string key in new[] { "a/b/2", "a/b/10", "a/bc", "a/b", "b" })
        {
            await store.PutAsync(key, new byte[] { 1 });
        }

        Assert.Equal(["a/b", "a/b/10", "a/b/2", "a/bc", "b"], await store.ListAsync(""));
        Assert.Equal(["a/b/10", "a/b/2"], await store.ListAsync("a/b/"));
        Assert.Equal(["a/b/10"], await store.ListAsync("a/b/1"));
        Assert.Empty(await store.ListAsync("a/c/"));
        await store.DeleteAsync("a/b/");
        Assert.Equal(["a/b", "a/bc", "b"], await store.ListAsync(""));
        await store.DeleteAsync("a/b");
        Assert.Equal(["b"], await store.ListAsync(""));
        await store.PutAsync("a/b/2", new byte[] { 5 });
        Assert.Equal(new byte[] { 5 }, await store.GetAsync("a/b/2"));
        await Assert.ThrowsAsync<RecsysException>(async () => await store.DeleteAsync(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/a")]
    [InlineData("a//b")]
    [InlineData("a/../b")]
    [InlineData("a/.hidden")]
    [InlineData("a b")]
    [InlineData("é")]
    [InlineData("a.blob")]
    public async Task What_is_no_key_is_refused(string key)
    {
        foreach (string kind in new[] { "memory", "file" })
        {
            var store = Create(kind);
            await Assert.ThrowsAsync<RecsysException>(async () => await store.PutAsync(key, default));
            await Assert.ThrowsAsync<RecsysException>(async () => await store.GetAsync(key));
        }
    }

    [Fact]
    public async Task Too_large_a_blob_is_refused_with_its_size()
    {
        var error = await Assert.ThrowsAsync<RecsysException>(async () =>
            await new MemoryBlobStore().PutAsync("big", new byte[BlobKey.MaxBytes + 1]));
        Assert.Contains("big", error.Message);
        Assert.Contains($"{BlobKey.MaxBytes + 1}", error.Message);
    }

    [Fact]
    public async Task A_crashed_writer_leaves_nothing_that_is_listed()
    {
        var store = Create("file");
        await store.PutAsync("a/b", new byte[] { 1 });
        File.WriteAllText(Path.Combine(_folder["blobs"], "a", ".tmp-123"), "half");
        Assert.Equal(["a/b"], await store.ListAsync(""));
        Assert.Equal(["a/b"], await Create("file").ListAsync("a"));
    }

    private IBlobStore Create(string kind) => kind == "memory" ? new MemoryBlobStore() : new FileBlobStore(_folder["blobs"]);
}
