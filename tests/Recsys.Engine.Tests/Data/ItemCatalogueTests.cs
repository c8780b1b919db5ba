using System.Numerics;
using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class ItemCatalogueTests
{
    [Theory]
    [InlineData("7::Alien (1979)::Horror|Sci-Fi\n8::Up: the film::Comedy\n")]
    [InlineData("7\tAlien (1979)\tHorror|Sci-Fi\r\n8\tUp: the film\tComedy\r\n")]
    [InlineData("\uFEFF7,Alien (1979),Horror|Sci-Fi\n\n# x\n8,\"Up: the film\",Comedy\n")]
    [InlineData("movieId,title,genres\n7,Alien (1979),Horror|Sci-Fi\n8,Up: the film,Comedy\n")]
    [InlineData("year\tgenres\titem_id\tname\n1979\t Horror | Sci-Fi \t7\tAlien (1979)\n2009\tComedy\t8\tUp: the film\n")]
    public void Layouts_are_detected_and_read(string text)
    {
        using var folder = new TemporaryFolder();
        var catalogue = ItemCatalogue.Load(folder.File("items", text));
        Assert.Equal(2, catalogue.Count);
        Assert.Equal(("Alien (1979)", "Up: the film"), (catalogue.NameOf("7"), catalogue.NameOf("8")));
        Assert.Equal(["Horror", "Sci-Fi"], catalogue.CategoriesOf("7"));
        Assert.Equal(["Horror", "Sci-Fi", "Comedy"], catalogue.Categories);
        Assert.Null(catalogue.NameOf("9"));
        Assert.Empty(catalogue.CategoriesOf("9"));
    }

    [Fact]
    public void Categories_make_masks_over_the_items_of_a_model()
    {
        var catalogue = ItemCatalogue.FromItems(
            [("a", "A", ["Red", "Big"]), ("b", "B", ["Blue"]), ("c", "C", []), ("d", "", ["red"]), ("a", "again", ["Blue"])]);
        Assert.Equal(1, catalogue.Repeated);
        var items = IdTable.FromStrings(Enumerable.Range(0, 70).Select(i => $"x{i}").Concat(["d", "c", "b", "a"]));
        Assert.Equal([70, 73], Bits(catalogue.Mask(items, ["RED"])));
        Assert.Equal([70, 72, 73], Bits(catalogue.Mask(items, ["Red", "Blue"])));
        Assert.Equal(2, catalogue.Mask(items, []).Length);
        Assert.Empty(Bits(catalogue.Mask(items, [])));
        var error = Assert.Throws<InvalidOptionException>(() => catalogue.Mask(items, ["Green"]));
        Assert.Equal("unknown category 'Green'; there are Red, Big, Blue", error.Message);
        Assert.Equal(new string?[] { null, "C", "B", "A" }, catalogue.NamesFor(items).Skip(70));
    }

    [Fact]
    public void Old_files_in_latin_1_are_understood()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "movies.dat");
        File.WriteAllBytes(path, Encoding.Latin1.GetBytes("73::Misérables, Les (1995)::Drama\n74::\"Quoted\" Title::Drama\n"));
        var catalogue = ItemCatalogue.Load(path);
        Assert.Equal("Misérables, Les (1995)", catalogue.NameOf("73"));
        Assert.Equal("\"Quoted\" Title", catalogue.NameOf("74"));
    }

    [Fact]
    public void Titles_in_tabs_may_begin_with_a_quote()
    {
        using var folder = new TemporaryFolder();
        var catalogue = ItemCatalogue.Load(folder.File("items.tsv", "1\t\"Great\" Title\tA\n2\t\"a\ttab\"\tB\n3\t\"open\tC\n"));
        Assert.Equal(("\"Great\" Title", "a\ttab", "\"open"), (catalogue.NameOf("1"), catalogue.NameOf("2"), catalogue.NameOf("3")));
    }

    [Fact]
    public void Ids_can_be_mapped()
    {
        using var folder = new TemporaryFolder();
        string items = folder.File("items.csv", "10,Ten,A\n20,Twenty,B\n30,Thirty,\n");
        string map = folder.File("map.tsv", "0\t20\n1\t10\n2\t99\n");
        var catalogue = ItemCatalogue.Load(items, new CatalogueOptions { IdMap = map });
        Assert.Equal(("Twenty", "Ten", null, null), (catalogue.NameOf("0"), catalogue.NameOf("1"), catalogue.NameOf("2"), catalogue.NameOf("10")));
        Assert.Equal(["B"], catalogue.CategoriesOf("0"));
    }

    [Theory]
    [InlineData("1,A\n,B\n", "2: expected an item id, found ',B'")]
    [InlineData("1,\"A\n", "1: expected a quoted field that ends before the next column, found '1,\"A'")]
    [InlineData("# nothing\n", " expected items, found none")]
    public void Malformed_files_are_named(string text, string message)
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("items", text);
        Assert.Equal($"{path}:{message}", Assert.Throws<MalformedInputException>(() => ItemCatalogue.Load(path)).Message);
    }

    [RealDataFact]
    public void Movielens_1m()
    {
        var train = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var catalogue = ItemCatalogue.Load(RealData.Path("ml-1m/movies.dat"));
        Assert.Equal((3883, 18), (catalogue.Count, catalogue.Categories.Count));
        var mapped = ItemCatalogue.Load(RealData.Path("ml-1m/movies.dat"), new CatalogueOptions { IdMap = RealData.Path("ml-1m/items.tsv") });
        Assert.Equal("Toy Story (1995)", mapped.NameOf("0"));
        Assert.All(mapped.NamesFor(train.Items), Assert.NotNull);
        Assert.InRange(Bits(mapped.Mask(train.Items, ["film-noir"])).Count(), 30, 50);
    }

    [RealDataFact]
    public void Movielens_100k()
    {
        var data = Dataset.Load(RealData.Path("ml-100k/u.data"));
        var catalogue = ItemCatalogue.Load(RealData.Path("ml-100k/u.item"));
        Assert.Equal((1682, 19), (catalogue.Count, catalogue.Categories.Count));
        Assert.Equal(["Animation", "Children's", "Comedy"], catalogue.CategoriesOf("1"));
        Assert.All(catalogue.NamesFor(data.Items), Assert.NotNull);
    }

    private static IEnumerable<int> Bits(ReadOnlyMemory<ulong> mask) => Enumerable.Range(0, mask.Length * 64)
        .Where(i => (mask.Span[i >> 6] >> (i & 63) & 1) != 0);
}
