using Recsys.Engine.Blending;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Blending;

public sealed class BlendStorageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_blend_comes_back_as_it_was_from_one_directory()
    {
        var data = BlendTestData.Data;
        using var blend = BlendTestData.Make(data);
        ModelStore.Save(blend.ToContents(), _folder["b"]);
        Assert.Empty(Directory.GetDirectories(_folder["b"]));

        using var loaded = (BlendModel)Algorithms.Load(_folder["b"]);
        Assert.Equal("blend", loaded.Algorithm);
        Assert.Equal(blend.Members.Select(m => (m.Label, m.Model.Algorithm)), loaded.Members.Select(m => (m.Label, m.Model.Algorithm)));
        Assert.Equal(blend.Weights.Starts.ToArray(), loaded.Weights.Starts.ToArray());
        var one = new float[data.Items.Count];
        var two = new float[data.Items.Count];
        for (int user = 0; user < data.Users.Count; user += 11)
        {
            blend.Score(blend.GetUser(user), one);
            loaded.Score(loaded.GetUser(user), two);
            Assert.Equal(one, two);
        }

        for (int m = 0; m < blend.Members.Count; m++)
        {
            var before = blend.Members[m].Model.ToContents().Facts;
            var after = loaded.Members[m].Model.ToContents().Facts;
            Assert.Equal(before.Options.ToJsonString(), after.Options.ToJsonString());
            Assert.Equal(before.Losses, after.Losses);
        }

        ModelStore.Save(loaded.ToContents(), _folder["again"]);
        Assert.Equal(File.ReadAllBytes(_folder["b/model.safetensors"]), File.ReadAllBytes(_folder["again/model.safetensors"]));
    }

    [Fact]
    public void Damage_to_any_member_is_found()
    {
        using (var blend = BlendTestData.Make(BlendTestData.Data))
        {
            ModelStore.Save(blend.ToContents(), _folder["b"]);
        }

        byte[] whole = File.ReadAllBytes(_folder["b/model.safetensors"]);
        for (int at = 3; at < whole.Length; at += whole.Length / 20)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 0x10;
            File.WriteAllBytes(_folder["b/model.safetensors"], damaged);
            Assert.Throws<ModelFormatException>(() => Algorithms.Load(_folder["b"]));
        }
    }

    [Theory]
    [InlineData("members.1.weights")]
    [InlineData("members.0.item_factors")]
    [InlineData("blend_weights")]
    [InlineData("blend_members")]
    public void A_missing_array_is_named(string array)
    {
        using var blend = BlendTestData.Make(BlendTestData.Data);
        var contents = blend.ToContents();
        var less = contents with { Tensors = contents.Tensors.Where(t => t.Key != array).ToDictionary() };
        ModelStore.Save(less, _folder["b"]);
        var error = Assert.ThrowsAny<RecsysException>(() => Algorithms.Load(_folder["b"]));
        Assert.Contains(array == "members.1.weights" ? "members.1." : array, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Members_that_are_not_described_are_refused()
    {
        using var blend = BlendTestData.Make(BlendTestData.Data);
        var contents = blend.ToContents();
        foreach (string text in new[] { "", "{}", "[]", "[{\"label\":\"a\"}]", "[1]", "null" })
        {
            var tensors = contents.Tensors.ToDictionary();
            tensors["blend_members"] = Tensor.Copy<byte>(System.Text.Encoding.UTF8.GetBytes(text), TensorType.U8);
            ModelStore.Save(contents with { Tensors = tensors }, _folder["b"], new SaveOptions { Overwrite = true });
            Assert.ThrowsAny<RecsysException>(() => Algorithms.Load(_folder["b"]));
        }
    }
}
