using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine;

namespace Recsys.Api.Security;

/// <summary>
/// A file of API keys. Keys are 256 random bits, so their plain SHA-256 cannot be searched; the file holds nothing that
/// opens the service.
/// </summary>
public sealed class ApiKeys
{
    private const string Prefix = "rk_";
    private const int KeyBytes = 32;

    private readonly FrozenDictionary<string, ApiKey> _byHash;

    private ApiKeys(IEnumerable<ApiKey> keys)
    {
        All = [.. keys];
        _byHash = All.ToFrozenDictionary(k => k.Sha256, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>The keys in the file.</summary>
    public IReadOnlyList<ApiKey> All { get; }

    /// <summary>Reads a file of keys.</summary>
    /// <exception cref="RecsysException">It is not there or not a file of keys.</exception>
    public static ApiKeys Load(string path)
    {
        try
        {
            var keys = JsonNode.Parse(File.ReadAllBytes(path))!.AsObject()["keys"]!.AsArray().Select(k => new ApiKey(
                k!["name"]!.GetValue<string>(),
                Enum.Parse<Access>(k["access"]!.GetValue<string>(), ignoreCase: true),
                k["sha256"]!.GetValue<string>(),
                k["created"]!.GetValue<DateTimeOffset>()));
            return new ApiKeys(keys);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NullReferenceException or FormatException or ArgumentException)
        {
            throw new RecsysException($"{path}: expected a file of API keys as `recsys keys add` writes it, found something else", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{path}: the API keys cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>Issues a key and adds its hash to the file, which is made where it is not there, readable by its owner only.</summary>
    /// <returns>The key. It cannot be shown again.</returns>
    /// <exception cref="InvalidOptionException">The name is taken.</exception>
    public static string Add(string path, string name, Access access)
    {
        var keys = File.Exists(path) ? Load(path).All : [];
        if (keys.Any(k => k.Name == name))
        {
            throw new InvalidOptionException($"{path}: there is a key named '{name}' already; remove it first");
        }

        string key = Prefix + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(KeyBytes));
        Write(path, [.. keys, new ApiKey(name, access, Hash(key), DateTimeOffset.UtcNow)]);
        return key;
    }

    /// <summary>Removes a key by its name; false when there is none.</summary>
    public static bool Remove(string path, string name)
    {
        var keys = Load(path).All;
        ApiKey[] rest = [.. keys.Where(k => k.Name != name)];
        if (rest.Length == keys.Count)
        {
            return false;
        }

        Write(path, rest);
        return true;
    }

    /// <summary>The entry of a key, or null when it is not one of these.</summary>
    public ApiKey? Find(ReadOnlySpan<char> key)
    {
        // The look-up is by digest: its timing says nothing that helps to find a key.
        Span<byte> utf8 = stackalloc byte[128];
        if (!Encoding.UTF8.TryGetBytes(key, utf8, out int length))
        {
            return null;
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(utf8[..length], digest);
        Span<char> hex = stackalloc char[digest.Length * 2];
        Convert.TryToHexStringLower(digest, hex, out _);
        return _byHash.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(hex, out var found) ? found : null;
    }

    private static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    private static void Write(string path, IEnumerable<ApiKey> keys)
    {
        var array = new JsonArray([.. keys.Select(k => (JsonNode)new JsonObject
        {
            ["name"] = k.Name,
            ["access"] = k.Access.ToString().ToLowerInvariant(),
            ["sha256"] = k.Sha256,
            ["created"] = k.Created,
        })]);
        string json = new JsonObject { ["keys"] = array }.ToJsonString(new JsonSerializerOptions { WriteIndented = true }) + "\n";
        string temporary = path + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var file = new FileStream(temporary, options))
        {
            file.Write(Encoding.UTF8.GetBytes(json));
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }
}
