namespace Recsys.Silo.Configuration;

/// <summary>How silos find each other.</summary>
internal enum ClusteringKind
{
    /// <summary>Silos on one machine; silo 0 holds the membership, in memory.</summary>
    Localhost,

    /// <summary>Membership, grain state, reminders, events and models in PostgreSQL.</summary>
    Postgres,
}
