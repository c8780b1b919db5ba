namespace Recsys.Api.Security;

/// <summary>What an API key allows; each level includes the ones before it.</summary>
public enum Access
{
    /// <summary>Nothing: the endpoint needs no key.</summary>
    None,

    /// <summary>Recommendations, items, histories, status.</summary>
    Read,

    /// <summary>Events and items may be sent.</summary>
    Write,

    /// <summary>Training, activation, forgetting, export.</summary>
    Admin,
}
