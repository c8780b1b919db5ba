using Npgsql;
using Recsys.Engine;
using Recsys.Engine.Storage;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Postgres;

[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class PostgresBlobStoreTests : IAsyncLifetime
{
    private NpgsqlDataSource? _database;
    private PostgresBlobStore _store = null!;

    public async Task InitializeAsync()
    {
        _database = await PostgresServer.OpenDatabaseAsync();
        _store = new PostgresBlobStore(_database!);
    }

    public async Task DisposeAsync() => await (_database?.DisposeAsync() ?? default);

    [PostgresFact]
    public async Task A_blob_comes_back_as_it_was_put()
    {
        byte[] large = new byte[5 << 20];
        new Random(1).NextBytes(large);
        Assert.True(await _store.PutAsync("data/a/users/07", large));
        Assert.True(await _store.PutAsync("empty", default));
        Assert.Equal(large, await _store.GetAsync("data/a/users/07"));
        Assert.Empty((await _store.GetAsync("empty"))!);
        Assert.Null(await _store.GetAsync("data/a/users/08"));
        Assert.Equal([[], null, large], await _store.GetAllAsync(["empty", "data/a/users/08", "data/a/users/07"]));
    }

    [PostgresFact]
    public async Task The_first_writer_of_a_key_wins_unless_the_second_replaces()
    {
        Assert.True(await _store.PutAsync("k", new byte[] { 1 }));
        Assert.False(await _store.PutAsync("k", new byte[] { 2 }));
        Assert.Equal(new byte[] { 1 }, await _store.GetAsync("k"));
        Assert.True(await _store.PutAsync("k", new byte[] { 3 }, replace: true));
        Assert.Equal(new byte[] { 3 }, await _store.GetAsync("k"));
    }

    [PostgresFact]
    public async Task Of_many_writers_at_once_one_is_told_that_it_won()
    {
        var told = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => _store.PutAsync("state/000001", new[] { (byte)i }).AsTask()));
        Assert.Single(told, won => won);
        byte[] winner = (await _store.GetAsync("state/000001"))!;
        Assert.True(told[winner[0]]);
    }

    [PostgresFact]
    public async Task Keys_are_listed_in_ordinal_order_and_deleted_by_prefix()
    {
        foreach (string key in new[] { "a/b/2", "a/b/10", "a/bc", "a/b", "b", "B", "a/b-c" })
        {
            await _store.PutAsync(key, new byte[] { 1 });
        }

        Assert.Equal(["B", "a/b", "a/b-c", "a/b/10", "a/b/2", "a/bc", "b"], await _store.ListAsync(""));
        Assert.Equal(["a/b/10", "a/b/2"], await _store.ListAsync("a/b/"));
        await _store.DeleteAsync("a/b/");
        Assert.Equal(["B", "a/b", "a/b-c", "a/bc", "b"], await _store.ListAsync(""));
        await Assert.ThrowsAsync<RecsysException>(() => _store.DeleteAsync("").AsTask());
        await Assert.ThrowsAsync<RecsysException>(() => _store.PutAsync("../a", default).AsTask());
    }

    [PostgresFact]
    public async Task Without_the_tables_the_error_says_how_to_get_them()
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        var error = await Assert.ThrowsAsync<RecsysException>(() => PostgresSchema.PrepareAsync(connection, create: false));
        Assert.Contains("--create-schema", error.Message);
        await using var database = NpgsqlDataSource.Create(connection);
        error = await Assert.ThrowsAsync<RecsysException>(() => new PostgresBlobStore(database).GetAsync("a").AsTask());
        Assert.Contains("--create-schema", error.Message);
    }

    [PostgresFact]
    public async Task Several_silos_may_create_the_tables_at_once_and_again()
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => PostgresSchema.PrepareAsync(connection, create: true)));
        await PostgresSchema.PrepareAsync(connection, create: true);
        await PostgresSchema.PrepareAsync(connection, create: false);
    }
}
