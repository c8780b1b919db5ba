using Recsys.Engine.Tuning;

namespace Recsys.Engine.Tests.Tuning;

public sealed class SearchRangeTests
{
    [Fact]
    public void A_logarithmic_span_has_its_geometric_mean_in_the_middle()
    {
        var range = SearchRange.Log(1, 100);
        Assert.Equal("1", range.At(0));
        Assert.Equal("10", range.At(0.5));
        Assert.Equal("100", range.At(1));
        Assert.Equal(0.5, range.PlaceOf("10")!.Value, 12);
    }

    [Fact]
    public void A_linear_span_has_its_mean_in_the_middle() => Assert.Equal("50.5", SearchRange.Linear(1, 100).At(0.5));

    [Fact]
    public void A_whole_span_gives_whole_numbers() => Assert.Equal("11", SearchRange.Log(2, 64, whole: true).At(0.5));

    [Fact]
    public void A_span_around_the_default_moves_with_it()
    {
        var range = SearchRange.Around(8);
        Assert.Equal("30", range.At(0.5, 30));
        Assert.Equal("240", range.At(1, 30));
        Assert.Equal("3.75", range.At(0, 30));
        Assert.Equal(0.5, range.PlaceOf("30", 30)!.Value, 12);
    }

    [Fact]
    public void A_list_divides_the_places_evenly()
    {
        var range = SearchRange.OneOf("64", "128", "256");
        Assert.Equal(["64", "64", "128", "256", "256"], new[] { 0, 0.33, 0.34, 0.67, 1 }.Select(p => range.At(p)));
        Assert.Equal("128", range.At(range.PlaceOf("128")!.Value));
        Assert.Null(range.PlaceOf("32"));
    }

    [Theory]
    [InlineData("1..100", "10")]
    [InlineData("0..100", "50")]
    [InlineData("0.1..10", "1")]
    [InlineData("64,128", "128")]
    [InlineData("30", "30")]
    [InlineData("hard:4:popularity:0.5", "hard:4:popularity:0.5")]
    public void Spans_lists_and_values_are_read(string text, string middle) =>
        Assert.Equal(middle, SearchRange.Parse("alpha", text, null).At(0.5));

    [Fact]
    public void A_span_takes_its_scale_from_the_options_own_range()
    {
        Assert.Equal("11", SearchRange.Parse("negative-count", "2..64", SearchRange.Log(1, 5, whole: true)).At(0.5));
        Assert.Equal("33", SearchRange.Parse("share", "2..64", SearchRange.Linear(0, 1)).At(0.5));
    }

    [Theory]
    [InlineData("100..1", "--alpha: the span 100..1 is empty: write the lower end first")]
    [InlineData("1..", "--alpha: expected a span like 1..100, found '1..'")]
    [InlineData("a..b", "--alpha: expected a span like 1..100, found 'a..b'")]
    [InlineData("1..inf", "--alpha: expected a span like 1..100, found '1..inf'")]
    [InlineData("1,,2", "--alpha: expected values like 64,128, found '1,,2'")]
    public void What_cannot_be_read_is_named(string text, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidOptionException>(() => SearchRange.Parse("alpha", text, null)).Message);
}
