using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class DamagedModelTests : IDisposable
{
    private static readonly string[] Files = ["manifest.json", "model.safetensors", "ids.safetensors", "histories.safetensors"];
    private readonly TemporaryFolder _folder = new();
    private readonly ModelContents _contents = SampleModel.Make();
    private readonly Dictionary<string, byte[]> _bytes;

    public DamagedModelTests()
    {
        ModelStore.Save(_contents, _folder["m"]);
        _bytes = Files.ToDictionary(f => f, f => File.ReadAllBytes(_folder["m/" + f]));
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("model.safetensors")]
    [InlineData("ids.safetensors")]
    [InlineData("histories.safetensors")]
    public void A_missing_truncated_or_longer_file_is_told(string file)
    {
        string path = _folder["m/" + file];
        File.Delete(path);
        AssertRefused(path, "missing");
        File.WriteAllBytes(path, _bytes[file][..^1]);
        AssertRefused(path, file == Files[0] ? "altered" : "truncated");
        File.WriteAllBytes(path, [.. _bytes[file], 0]);
        AssertRefused(path, file == Files[0] ? "not a manifest" : "altered");
        File.WriteAllBytes(path, []);
        AssertRefused(path, file == Files[0] ? "not a manifest" : "truncated");
        File.WriteAllBytes(path, _bytes[file]);
        OpenAll();
    }

    [Fact]
    public void A_newer_format_and_a_directory_without_a_model_are_told()
    {
        string text = Encoding.UTF8.GetString(_bytes["manifest.json"]);
        File.WriteAllText(_folder["m/manifest.json"], text.Replace("\"format_version\": 1", "\"format_version\": 2", StringComparison.Ordinal));
        AssertRefused(_folder["m/manifest.json"], "has format version 2");
        Assert.Contains("there is no such directory", Assert.Throws<ModelFormatException>(() => ModelStore.Open(_folder["none"])).Message, StringComparison.Ordinal);
        Assert.Contains("holds no model", Assert.Throws<ModelFormatException>(() => ModelStore.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_single_altered_bit_is_found_wherever_it_is()
    {
        foreach (string file in Files)
        {
            byte[] bytes = [.. _bytes[file]];
            string path = _folder["m/" + file];
            for (int i = 0; i < bytes.Length; i += 3)
            {
                bytes[i] ^= (byte)(1 << (i % 8));
                File.WriteAllBytes(path, bytes);
                bytes[i] = _bytes[file][i];
                Assert.Throws<ModelFormatException>(OpenAll);
            }

            File.WriteAllBytes(path, bytes);
        }

        OpenAll();
    }

    [Fact]
    public void Any_damage_is_found_or_harmless()
    {
        // Flips, cuts and copies of stretches from elsewhere, in any file, several at once.
        var damage = Gen.Choose(0, 3).SelectMany(f => Gen.Choose(0, _bytes[Files[f]].Length - 1).SelectMany(at =>
            Gen.Choose(0, 3).SelectMany(kind => Gen.Choose(0, 255).Select(x => (File: Files[f], At: at, Kind: kind, Value: (byte)x)))));
        Prop.ForAll(damage.ListOf(3).Select(l => l.ToArray()).ToArbitrary(), list =>
        {
            var files = _bytes.ToDictionary(f => f.Key, f => f.Value.ToArray());
            foreach (var d in list)
            {
                byte[] bytes = files[d.File];
                int at = Math.Min(d.At, Math.Max(0, bytes.Length - 1));
                files[d.File] = d.Kind switch
                {
                    0 => bytes[..at],
                    1 => [.. bytes[..at], d.Value, .. bytes[at..]],
                    _ when bytes.Length == 0 => bytes,
                    2 => [.. bytes[..at], (byte)(bytes[at] ^ d.Value), .. bytes[(at + 1)..]],
                    _ => [.. bytes[..at], .. bytes[..Math.Min(d.Value, bytes.Length - at)], .. bytes[Math.Min(bytes.Length, at + d.Value)..]],
                };
            }

            foreach (var (name, bytes) in files)
            {
                File.WriteAllBytes(_folder["m/" + name], bytes);
            }

            bool same = files.All(f => f.Value.AsSpan().SequenceEqual(_bytes[f.Key]));
            try
            {
                OpenAll();
                return same;
            }
            catch (ModelFormatException e)
            {
                return !same && !e.Message.Contains('\n', StringComparison.Ordinal);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400));
    }

    [Fact]
    public void Any_altered_header_is_refused_or_describes_the_file()
    {
        // The parser by itself, without checksums before it.
        var file = _bytes["model.safetensors"];
        long length = SafetensorsHeader.Length(file, file.Length, "f");
        byte[] header = file[8..(int)(8 + length)];
        byte[] alphabet = [.. "0123456789-+.eE[]{},:\" \\u"u8, 0, 0xFF, 0xC3];
        var edit = Gen.Choose(0, header.Length - 1).SelectMany(at =>
            Gen.Choose(0, 2).SelectMany(kind => Gen.Elements(alphabet).Select(x => (At: at, Kind: kind, Value: x))));
        Prop.ForAll(edit.NonEmptyListOf().Select(l => l.ToArray()).ToArbitrary(), edits =>
        {
            var bytes = header.ToList();
            foreach (var (at, kind, value) in edits)
            {
                int i = Math.Min(at, bytes.Count - 1);
                if (kind == 0)
                {
                    bytes[i] = value;
                }
                else if (kind == 1)
                {
                    bytes.Insert(i, value);
                }
                else if (bytes.Count > 1)
                {
                    bytes.RemoveAt(i);
                }
            }

            try
            {
                long size = 8 + bytes.Count + (file.Length - 8 - header.Length);
                var tensors = SafetensorsHeader.Parse([.. bytes], size, "f");
                long end = 8 + bytes.Count;
                foreach (var tensor in tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Bytes))
                {
                    Assert.Equal(end, tensor.Offset);
                    Assert.True(TensorLayout.TryBytes(tensor.Type, tensor.Shape, out long count) && count == tensor.Bytes);
                    end += tensor.Bytes;
                }

                return end == size;
            }
            catch (ModelFormatException)
            {
                return true;
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Theory]
    [InlineData("", "does not start with '{'")]
    [InlineData("{", "not a safetensors header")]
    [InlineData("{}x", "not a safetensors header")]
    [InlineData("{}\n", "the arrays take 0")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}""", "twice")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "inside")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}""", "hole")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "take 8 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}""", "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}}""", "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,16]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}""", "ascending")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}}""", "whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4]}}""", "lacks")]
    [InlineData("""{"a":{"dtype":"Q4","shape":[4],"data_offsets":[0,16]}}""", "'Q4'")]
    [InlineData("""{"a":{"dtype":"0","shape":[4],"data_offsets":[0,16]}}""", "'0'")]
    [InlineData("""{"a":{"dtype":"32","shape":[4],"data_offsets":[0,16]}}""", "'32'")]
    [InlineData("""{"a":{"dtype":4,"shape":[4],"data_offsets":[0,16]}}""", "not a safetensors header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16],"x":1}}""", "unknown property")]
    [InlineData("""{"a":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}""", "not an object")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "not a safetensors header")]
    public void A_malicious_header_is_refused(string header, string says)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(header);
        var e = Assert.Throws<ModelFormatException>(() => SafetensorsHeader.Parse(bytes, 8 + bytes.Length + 16, "f"));
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ulong.MaxValue)]
    [InlineData((ulong)long.MaxValue)]
    [InlineData(100_000_001UL)]
    [InlineData(93UL)]
    public void A_huge_header_length_is_refused(ulong length)
    {
        var start = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(start, length);
        Assert.Throws<ModelFormatException>(() => SafetensorsHeader.Length(start, 100, "f"));
    }

    [Fact]
    public void Metadata_and_trailing_spaces_are_as_the_format_allows()
    {
        byte[] bytes = [.. """{"__metadata__":{"format":"np","x":"y"},"a":{"shape":[],"data_offsets":[0,4],"dtype":"F32"}}   """u8];
        var tensors = SafetensorsHeader.Parse(bytes, 8 + bytes.Length + 4, "f");
        Assert.Equal(4, Assert.Single(tensors).Value.Bytes);
    }

    private void AssertRefused(string path, string says)
    {
        var e = Assert.Throws<ModelFormatException>(OpenAll);
        Assert.Equal(path, e.File);
        Assert.Contains(says, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    private void OpenAll()
    {
        using var stored = ModelStore.Open(_folder["m"]);
        SampleModel.AssertSame(_contents, stored);
    }
}
