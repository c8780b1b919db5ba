using System.Net;
using Recsys.Engine;
using Recsys.Silo.Configuration;

namespace Recsys.Cluster.Tests.Silo;

public sealed class SiloSettingsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-settings-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Without_settings_a_silo_is_the_first_of_a_cluster_on_this_machine()
    {
        var settings = From();
        Assert.Equal(ClusteringKind.Localhost, settings.Clustering);
        Assert.Equal((11111, 30000, (int?)null), (settings.SiloPort, settings.GatewayPort, settings.PrimaryPort));
        Assert.Equal(["http://127.0.0.1:5080"], settings.Service.Urls);
        Assert.Equal(TimeSpan.Zero, settings.Drain);
    }

    [Fact]
    public void A_further_silo_on_the_machine_has_ports_of_its_own_and_joins_the_first()
    {
        var settings = From(("silo", "2"));
        Assert.Equal((11113, 30002, (int?)11111), (settings.SiloPort, settings.GatewayPort, settings.PrimaryPort));
        Assert.Equal(["http://127.0.0.1:5082"], settings.Service.Urls);
    }

    [Fact]
    public void The_command_line_comes_before_the_environment_and_that_before_the_file()
    {
        string file = Path.Combine(_folder, "settings.json");
        File.WriteAllText(file, """{ "recsys": { "cluster": "file", "silo-port": 1, "rate": 7, "open": true, "urls": ["http://a:1", "http://b:2"] } }""");
        var settings = SiloSettings.From(new SettingValues(
            s => s.Name == "cluster" ? "line" : null,
            v => v switch { "RECSYS_CLUSTER" => "environment", "RECSYS_SILO_PORT" => "2", "RECSYS_RATE" => "", _ => null },
            file));
        Assert.Equal(("line", 2, 7), (settings.Cluster, settings.SiloPort, settings.Service.RequestsPerSecond));
        Assert.True(settings.Service.Open);
        Assert.Equal(["http://a:1", "http://b:2"], settings.Service.Urls);
    }

    [Fact]
    public void A_connection_string_makes_a_cluster_with_PostgreSQL()
    {
        var settings = From(("postgres", "Host=db"), ("address", "10.1.2.3"), ("create-schema", "true"));
        Assert.Equal(ClusteringKind.Postgres, settings.Clustering);
        Assert.Equal(IPAddress.Parse("10.1.2.3"), settings.Address);
        Assert.True(settings.CreateSchema);
        Assert.Equal(TimeSpan.FromSeconds(5), settings.Drain);
    }

    [Fact]
    public void The_live_model_is_off_unless_it_is_given_factors()
    {
        Assert.Equal((0, (long?)null), (From().LiveLmf, From().LiveLmfBytes));
        var settings = From(("live-lmf", "64"), ("live-lmf-mb", "100"));
        Assert.Equal((64, 100L << 20), (settings.LiveLmf, settings.LiveLmfBytes));
    }

    [Theory]
    [InlineData("live-lmf", "5000", "--live-lmf: expected a whole number from 0 to 4096, found '5000'")]
    [InlineData("live-lmf-mb", "10", "--live-lmf-mb: expected --live-lmf K with it, found '10'")]
    [InlineData("silo-port", "x", "--silo-port: expected a whole number from 1 to 65435, found 'x'")]
    [InlineData("silo", "100", "--silo: expected a whole number from 0 to 99, found '100'")]
    [InlineData("clustering", "etcd", "--clustering: expected localhost, postgres, found 'etcd'")]
    [InlineData("clustering", "postgres", "clustering postgres needs a connection string: --postgres or RECSYS_POSTGRES")]
    [InlineData("address", "10.0.0.1", "--address: expected nothing (clustering is localhost), found '10.0.0.1'")]
    [InlineData("open", "maybe", "--open: expected true or false, found 'maybe'")]
    [InlineData("gateway-port", "11111", "the ports for silos (11111) and clients (11111) are too close to each other")]
    [InlineData("log-level", "3", "--log-level: expected trace, debug, information, warning, error, critical, none, found '3'")]
    public void What_is_not_valid_is_refused_with_where_it_was_given(string name, string value, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidOptionException>(() => From((name, value))).Message);

    [Theory]
    [InlineData("{", "expected {\"recsys\"")]
    [InlineData("""{ "recsys": [] }""", "expected {\"recsys\"")]
    [InlineData("""{ "recsys": { "port": 1 } }""", "there is no setting 'port'")]
    [InlineData("""{ "recsys": { "silo-port": "a" } }""", "settings.json: silo-port: expected a whole number")]
    public void A_file_that_is_none_is_refused_by_name(string text, string message)
    {
        string file = Path.Combine(_folder, "settings.json");
        File.WriteAllText(file, text);
        var error = Assert.Throws<InvalidOptionException>(() => SiloSettings.From(new SettingValues(_ => null, _ => null, file)));
        Assert.Contains(message, error.Message);
        Assert.Contains(file, error.Message);
    }

    private static SiloSettings From(params (string Name, string Value)[] given) => SiloSettings.From(new SettingValues(
        s => given.FirstOrDefault(g => g.Name == s.Name).Value, _ => null, null));
}
