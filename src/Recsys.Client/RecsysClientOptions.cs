using System.Net;

namespace Recsys.Client;

/// <summary>Which cluster a client talks to, and its patience.</summary>
public sealed class RecsysClientOptions
{
    /// <summary>Name of the cluster, as its silos have it.</summary>
    public string Cluster { get; set; } = "recsys";

    /// <summary>
    /// Connection string of the PostgreSQL that holds the cluster's membership; null for the silos at <see cref="Gateways"/>.
    /// </summary>
    public string? Postgres { get; set; }

    /// <summary>Where silos listen for clients, without PostgreSQL: silo N of a machine at port 30000 + N.</summary>
    public IList<IPEndPoint> Gateways { get; set; } = [new IPEndPoint(IPAddress.Loopback, 30000)];

    /// <summary>How long to try to reach the cluster on connecting.</summary>
    public TimeSpan ConnectPatience { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a call is repeated that failed because a silo went away; zero for never.</summary>
    public TimeSpan CallPatience { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// How long to wait for one answer of a recommender before it is asked for again: a silo that was killed does not say so.
    /// </summary>
    public TimeSpan ReadTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Questions to the recommender that are under way at once. More wait here for their turn: more than silos answer within
    /// <see cref="ReadTimeout"/> would be asked again and again, and silos that have too much to do already would do most of it for nobody.
    /// </summary>
    public int MostQuestions { get; set; } = 4096;

    /// <summary>How long to wait for one answer to anything else.</summary>
    public TimeSpan ResponseTimeout { get; set; } = TimeSpan.FromSeconds(30);
}
