using Recsys.Engine.Negatives;

namespace Recsys.Engine.Tests.Negatives;

public sealed class NegativeSamplerSpecTests
{
    [Theory]
    [InlineData("uniform", "uniform")]
    [InlineData("popularity", "popularity:0.75")]
    [InlineData("popularity:0.5", "popularity:0.5")]
    [InlineData("in-batch", "in-batch:256")]
    [InlineData("in-batch:64", "in-batch:64")]
    [InlineData("hard:16", "hard:16:uniform")]
    [InlineData("hard:16:popularity:0.75", "hard:16:popularity:0.75")]
    [InlineData("mixed:0.25:hard:16", "mixed:0.25:hard:16:uniform")]
    [InlineData("mixed:0:hard:8:in-batch:32", "mixed:0:hard:8:in-batch:32")]
    [InlineData(" uniform ", "uniform")]
    public void A_specification_is_read_and_written(string text, string written)
    {
        var spec = NegativeSamplerSpec.Parse(text);
        Assert.Equal(written, spec.ToString());
        Assert.Equal(spec, NegativeSamplerSpec.Parse(spec.ToString()));
    }

    [Theory]
    [InlineData("", "negatives '': expected uniform, popularity, in-batch, hard or mixed, found ''")]
    [InlineData("popular", "negatives 'popular': expected uniform, popularity, in-batch, hard or mixed, found 'popular'")]
    [InlineData("popularity:x", "negatives 'popularity:x': the exponent of popularity is a number from 0 to 1, found 'x'")]
    [InlineData("popularity:1.5", "negatives 'popularity:1.5': the exponent of popularity is a number from 0 to 1, found '1.5'")]
    [InlineData("popularity:NaN", "negatives 'popularity:NaN': the exponent of popularity is a number from 0 to 1, found 'NaN'")]
    [InlineData("uniform:3", "negatives 'uniform:3': nothing may follow, found '3'")]
    [InlineData("hard", "negatives 'hard': the number of candidates is missing (a number from 1 to 1024)")]
    [InlineData("hard:0", "negatives 'hard:0': the number of candidates is a number from 1 to 1024, found '0'")]
    [InlineData("hard:2.5", "negatives 'hard:2.5': the number of candidates is a whole number, found '2.5'")]
    [InlineData("hard:4:hard:4", "negatives 'hard:4:hard:4': expected uniform, popularity or in-batch, found 'hard'")]
    [InlineData("mixed:0.5", "negatives 'mixed:0.5': expected 'hard' after the fraction, found nothing")]
    [InlineData("mixed:0.5:uniform", "negatives 'mixed:0.5:uniform': expected 'hard' after the fraction, found 'uniform'")]
    [InlineData("mixed:2:hard:4", "negatives 'mixed:2:hard:4': the fraction of hard negatives is a number from 0 to 1, found '2'")]
    public void What_is_wrong_is_said(string text, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidOptionException>(() => NegativeSamplerSpec.Parse(text)).Message);
}
