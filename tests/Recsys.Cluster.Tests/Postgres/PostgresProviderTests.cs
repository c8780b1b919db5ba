using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Storage;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Postgres;

/// <summary>The scripts of deploy/postgres, held against the Orleans providers that run the statements in them.</summary>
[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class PostgresProviderTests : IAsyncLifetime
{
    private static readonly DateTime Now = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private IHost _silo = null!;

    public async Task InitializeAsync()
    {
        if (!PostgresServer.IsPresent)
        {
            return;
        }

        string connection = PostgresServer.Instance.CreateDatabase();
        await PostgresSchema.PrepareAsync(connection, create: true);
        int port = PostgresServer.FreePort();
        _silo = new HostBuilder().UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("c", "s"));
            silo.ConfigureEndpoints(IPAddress.Loopback, port, 0);
            silo.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = (PostgresSchema.Invariant, connection));
            silo.AddAdoNetGrainStorage("kept", o => (o.Invariant, o.ConnectionString) = (PostgresSchema.Invariant, connection));
            silo.AddAdoNetGrainStorage("deleted", o => (o.Invariant, o.ConnectionString, o.DeleteStateOnClear) = (PostgresSchema.Invariant, connection, true));
            silo.UseAdoNetReminderService(o => (o.Invariant, o.ConnectionString) = (PostgresSchema.Invariant, connection));
        }).Build();
        await _silo.StartAsync();
    }

    public async Task DisposeAsync()
    {
        if (_silo is not null)
        {
            await _silo.StopAsync();
            _silo.Dispose();
        }
    }

    [PostgresFact]
    public async Task Membership_changes_only_for_whom_knows_the_latest_version()
    {
        var table = _silo.Services.GetRequiredService<IMembershipTable>();
        var before = await table.ReadAll();
        var self = Assert.Single(before.Members).Item1;
        Assert.Equal(SiloStatus.Active, self.Status);

        var other = new MembershipEntry
        {
            SiloAddress = SiloAddress.New(IPAddress.Loopback, 1, 7),
            SiloName = "other",
            HostName = "host",
            Status = SiloStatus.Active,
            ProxyPort = 2,
            StartTime = Now,
            IAmAliveTime = Now,
        };
        Assert.False(await table.InsertRow(other, new TableVersion(0, "0")));
        Assert.True(await table.InsertRow(other, before.Version.Next()));
        var after = await table.ReadAll();
        Assert.Equal(before.Version.Version + 1, after.Version.Version);
        Assert.False(await table.InsertRow(other, after.Version.Next())); // there already
        Assert.Equal(after.Version.Version, (await table.ReadAll()).Version.Version);

        var row = await table.ReadRow(other.SiloAddress);
        var read = Assert.Single(row.Members).Item1;
        Assert.Equal((Now, Now, "other", "host", 2, SiloStatus.Active), (read.StartTime, read.IAmAliveTime, read.SiloName, read.HostName, read.ProxyPort, read.Status));

        read.Status = SiloStatus.Dead;
        read.SuspectTimes = [Tuple.Create(self.SiloAddress, Now)];
        Assert.False(await table.UpdateRow(read, "", before.Version.Next()));
        Assert.True(await table.UpdateRow(read, "", row.Version.Next()));
        read = Assert.Single((await table.ReadRow(other.SiloAddress)).Members).Item1;
        Assert.Equal(SiloStatus.Dead, read.Status);
        Assert.Equal(Tuple.Create(self.SiloAddress, Now), Assert.Single(read.SuspectTimes));

        read.IAmAliveTime = Now.AddHours(1);
        await table.UpdateIAmAlive(read);
        Assert.Equal(Now.AddHours(1), Assert.Single((await table.ReadRow(other.SiloAddress)).Members).Item1.IAmAliveTime);
        Assert.Empty((await table.ReadRow(SiloAddress.New(IPAddress.Loopback, 1, 8))).Members);

        await table.CleanupDefunctSiloEntries(new DateTimeOffset(Now.AddHours(2)));
        Assert.Equal(self.SiloAddress, Assert.Single((await table.ReadAll()).Members).Item1.SiloAddress);
        await table.DeleteMembershipTableEntries("another cluster");
        Assert.Single((await table.ReadAll()).Members);
    }

    [PostgresFact]
    public async Task Grain_state_is_written_only_over_the_version_that_was_read()
    {
        foreach (string provider in new[] { "kept", "deleted" })
        {
            foreach (var grain in new[]
            {
                GrainId.Create("t", "ab"), GrainId.Create(GrainType.Create("t"), GrainIdKeyExtensions.CreateIntegerKey(7)),
                GrainId.Create(GrainType.Create("t"), GrainIdKeyExtensions.CreateGuidKey(Guid.Parse("01020304-0506-0708-090a-0b0c0d0e0f10"), "ext")),
            })
            {
                var storage = _silo.Services.GetRequiredKeyedService<IGrainStorage>(provider);
                var state = new GrainState<List<string>>();
                await storage.ReadStateAsync(provider, grain, state);
                Assert.False(state.RecordExists);
                state.State = ["a"];
                await storage.WriteStateAsync(provider, grain, state);
                await storage.WriteStateAsync(provider, grain, state);

                var other = new GrainState<List<string>> { State = ["b"] };
                await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync(provider, grain, other));
                await storage.ReadStateAsync(provider, grain, other);
                Assert.Equal(["a"], other.State);
                other.State = ["c"];
                await storage.WriteStateAsync(provider, grain, other);
                await Assert.ThrowsAsync<InconsistentStateException>(() => storage.WriteStateAsync(provider, grain, state));
                await Assert.ThrowsAsync<InconsistentStateException>(() => storage.ClearStateAsync(provider, grain, state));

                await storage.ClearStateAsync(provider, grain, other);
                other.State = ["d"];
                await storage.WriteStateAsync(provider, grain, other);
                await storage.ReadStateAsync(provider, grain, state);
                Assert.Equal(["d"], state.State);
            }
        }
    }

    [PostgresFact]
    public async Task Reminders_are_found_by_grain_name_and_range_of_hashes()
    {
        var table = _silo.Services.GetRequiredService<IReminderTable>();
        var grains = Enumerable.Range(0, 20).Select(i => GrainId.Create("t", $"g{i}")).ToArray();
        foreach (var grain in grains)
        {
            await table.UpsertRow(new ReminderEntry { GrainId = grain, ReminderName = "r", StartAt = Now, Period = TimeSpan.FromMinutes(90) });
        }

        var entry = await table.ReadRow(grains[3], "r");
        Assert.Equal((Now, TimeSpan.FromMinutes(90)), (entry.StartAt, entry.Period));
        string etag = await table.UpsertRow(new ReminderEntry { GrainId = grains[3], ReminderName = "r", StartAt = Now, Period = TimeSpan.FromDays(60) });
        Assert.Equal(TimeSpan.FromDays(60), (await table.ReadRow(grains[3], "r")).Period);
        Assert.Null(await table.ReadRow(grains[3], "s"));
        Assert.Single((await table.ReadRows(grains[3])).Reminders);
        Assert.False(await table.RemoveRow(grains[3], "r", entry.ETag));
        Assert.True(await table.RemoveRow(grains[3], "r", etag));

        var left = grains.Where((_, i) => i != 3).ToArray();
        foreach (var (begin, end) in new[] { (0u, 0u), (10u, 5u), (1u << 31, 1u << 30), (1u << 30, 3u << 30), (0u, uint.MaxValue) })
        {
            var expected = left.Where(g => InRange(g.GetUniformHashCode(), begin, end)).Order();
            Assert.Equal(expected, (await table.ReadRows(begin, end)).Reminders.Select(r => r.GrainId).Order());
        }

        static bool InRange(uint hash, uint begin, uint end) => begin < end ? hash > begin && hash <= end : hash > begin || hash <= end;
    }
}
