using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Recsys.Engine.Storage;
using Recsys.Silo.Configuration;
using Recsys.Silo.Postgres;

namespace Recsys.Silo.Hosting;

/// <summary>Where the silos of a cluster keep what they share: blobs and event journals.</summary>
internal static class SiloStorage
{
    public static void Add(IServiceCollection services, SiloSettings settings)
    {
        if (settings.Postgres is { } connection)
        {
            services.AddSingleton(_ => NpgsqlDataSource.Create(connection));
            services.AddSingleton<IBlobStore>(s => new PostgresBlobStore(s.GetRequiredService<NpgsqlDataSource>()));
            services.AddSingleton<IEventJournals>(s => new PostgresJournals(s.GetRequiredService<NpgsqlDataSource>()));
            return;
        }

        services.AddSingleton<IBlobStore>(_ => new FileBlobStore(Path.Combine(settings.Data!, "blobs")));
        services.AddSingleton<IEventJournals>(_ => new FileJournals(Path.Combine(settings.Data!, "journals")));
    }
}
