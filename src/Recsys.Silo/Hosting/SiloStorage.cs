using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Recsys.Engine.Storage;
using Recsys.Silo.Configuration;
using Recsys.Silo.Postgres;

namespace Recsys.Silo.Hosting;

/// <summary>Where the silos of a cluster keep what they share: blobs and event journals.</summary>
internal static class SiloStorage
{
    private const int BufferBytes = 128 << 10;

    public static void Add(IServiceCollection services, SiloSettings settings)
    {
        if (settings.Postgres is { } connection)
        {
            // Blobs are megabytes: in pieces of the default 8 KB they would take a system call each.
            // And the statements are few: prepared, the server need not read and plan them each time.
            var bulk = new NpgsqlConnectionStringBuilder(connection)
            {
                ReadBufferSize = BufferBytes,
                WriteBufferSize = BufferBytes,
                MaxAutoPrepare = 32,
            };
            services.AddSingleton(_ => NpgsqlDataSource.Create(bulk));
            services.AddSingleton<IBlobStore>(s => new PostgresBlobStore(s.GetRequiredService<NpgsqlDataSource>()));
            services.AddSingleton<IEventJournals>(s => new PostgresJournals(s.GetRequiredService<NpgsqlDataSource>()));
            return;
        }

        services.AddSingleton<IBlobStore>(_ => new FileBlobStore(Path.Combine(settings.Data!, "blobs")));
        services.AddSingleton<IEventJournals>(_ => new FileJournals(Path.Combine(settings.Data!, "journals")));
    }
}
