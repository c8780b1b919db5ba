namespace Recsys.Api.Security;

/// <summary>An API key as it is kept: its hash, never the key.</summary>
/// <param name="Name">Who holds it.</param>
/// <param name="Access">What it allows.</param>
/// <param name="Sha256">SHA-256 of the key, hexadecimal.</param>
/// <param name="Created">When it was issued.</param>
public sealed record ApiKey(string Name, Access Access, string Sha256, DateTimeOffset Created);
