using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Models;

public sealed class ModelSpecTests
{
    [Theory]
    [InlineData("als", "als")]
    [InlineData("als,ease, popularity", "als;ease;popularity")]
    [InlineData("als:alpha=11,regularization=100;ease:regularization=700", "als:alpha=11,regularization=100;ease:regularization=700")]
    [InlineData("als:alpha=11,ease:regularization=700,popularity", "als:alpha=11;ease:regularization=700;popularity")]
    [InlineData("a=als:alpha=2; b=als ;als;als", "a=als:alpha=2;b=als;als;als-2=als")]
    [InlineData("bpr:negatives=mixed:0.5:hard:4:popularity:0.5,factors=8", "bpr:negatives=mixed:0.5:hard:4:popularity:0.5,factors=8")]
    [InlineData("lmf:factors=8,negatives=popularity:0.75", "lmf:factors=8,negatives=popularity:0.75")]
    [InlineData("ease:", "ease")]
    public void A_list_of_models_is_read_and_written(string text, string expected)
    {
        var specs = ModelSpec.ParseList(text);
        Assert.Equal(expected, ModelSpec.Format(specs));
        Assert.Equal(expected, ModelSpec.Format(ModelSpec.ParseList(expected)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ; ,")]
    [InlineData("slimmer")]
    [InlineData("als,slimmer")]
    [InlineData("als:wings=2")]
    [InlineData("als:alpha")]
    [InlineData("als:alpha=1,alpha=2")]
    [InlineData("=als")]
    public void What_is_no_list_of_models_is_refused(string text) =>
        Assert.Throws<InvalidOptionException>(() => ModelSpec.ParseList(text));

    [Fact]
    public void A_default_is_added_where_the_model_takes_it_and_does_not_say_otherwise()
    {
        var specs = ModelSpec.ParseList("als:seed=3;ease;popularity");
        Assert.Equal(["3", "7", "7"], specs.Select(s => s.WithDefault("seed", "7").Options.Text("seed")));
        Assert.Null(specs[1].WithDefault("factors", "7").Options.Text("factors"));
        Assert.Same(specs[1], specs[1].WithDefault("seed", null));
    }
}
