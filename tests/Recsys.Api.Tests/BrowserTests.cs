using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;
using static Recsys.Api.Tests.RecommendationTests;

namespace Recsys.Api.Tests;

/// <summary>
/// The page in a real browser: the chromium that is installed (<c>apt-get install chromium</c>, or RECSYS_CHROMIUM names
/// it), driven by Playwright, which downloads none. Without one the tests are skipped and say so.
/// </summary>
[Trait("Category", "Long")]
public sealed class BrowserTests : IAsyncLifetime
{
    private readonly List<string> _troubles = [];
    private TestService _service = null!;
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;

    public async Task InitializeAsync()
    {
        if (BrowserFactAttribute.Chromium is not { } path)
        {
            return;
        }

        _service = await TestService.StartAsync(store: false);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = path,
            Args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
        });
    }

    public async Task DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
            _playwright.Dispose();
            await _service.DisposeAsync();
        }
    }

    [BrowserFact]
    public async Task A_user_is_found_by_keyboard_and_shown_with_history_and_reasons_as_signed_bars()
    {
        var page = await OpenAsync("#/");
        await page.GetByRole(AriaRole.Combobox, new() { Name = "Search users" }).FillAsync(User(4));
        await Expect(page.GetByRole(AriaRole.Option).First).ToBeVisibleAsync();
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(User(4));
        await Expect(page.Locator("ol.ranked > li")).ToHaveCountAsync(20);
        var expected = Ids(await _service.GetAsync($"/api/v1/users/{User(4)}/recommendations?n=20&names=true"), id: "name");
        Assert.Equal(expected, await page.Locator("ol.ranked a.name").AllTextContentsAsync());
        await Expect(page.Locator(".history li")).ToHaveCountAsync(TestService.Catalogue.Data.Interactions.RowLength(4));

        var second = page.Locator("ol.ranked summary").Nth(1);
        await second.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        var bars = page.Locator("ol.ranked > li").Nth(1).Locator(".signed i");
        await Expect(bars.First).ToBeVisibleAsync();
        Assert.NotEmpty(await page.Locator("ol.ranked > li").Nth(1).Locator(".signed i.plus").AllAsync());
        Assert.NotEmpty(await page.Locator("ol.ranked > li").Nth(1).Locator(".signed i.minus").AllAsync());
        AssertNoTroubles();
    }

    [BrowserFact]
    public async Task Two_models_stand_side_by_side()
    {
        var page = await OpenAsync($"#/users/{User(7)}");
        await page.GetByLabel("Compare with").SelectOptionAsync("popularity");
        await Expect(page.Locator("ol.ranked")).ToHaveCountAsync(2);
        await Expect(page.GetByText("in both").First).ToBeVisibleAsync();
        AssertNoTroubles();
    }

    [BrowserFact]
    public async Task An_item_shows_what_is_like_it_and_what_suppresses_it()
    {
        var edition = TestService.Catalogue.Items.First(i => i.OtherEdition >= 0);
        var page = await OpenAsync($"#/items/{edition.Id}");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(edition.Title);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Similar" })).ToBeVisibleAsync();
        await Expect(page.Locator(".meter.minus").First).ToBeVisibleAsync();
        AssertNoTroubles();
    }

    [BrowserFact]
    public async Task A_job_is_started_and_watched_and_its_version_activated()
    {
        var page = await OpenAsync("#/training");
        await page.GetByLabel("Algorithm").SelectOptionAsync("als");
        await page.GetByLabel("factors", new() { Exact = true }).FillAsync("16");
        await page.GetByLabel("iterations", new() { Exact = true }).FillAsync("8");
        await page.GetByLabel("Measure it first").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Start training" }).ClickAsync();
        await Expect(page.Locator("section .tag", new() { HasTextString = "succeeded" }).First).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await Expect(page.Locator("svg.chart path.line")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "Models" }).ClickAsync();
        await Expect(page.Locator("tr", new() { HasTextString = "als v1" })).ToContainTextAsync("ndcg@100");
        await page.Locator("tr", new() { HasTextString = "als v1" }).GetByRole(AriaRole.Button, new() { Name = "Make default" }).ClickAsync();
        await Expect(page.Locator("tr", new() { HasTextString = "als v1" }).GetByText("default", new() { Exact = true })).ToBeVisibleAsync();
        await Expect(page.Locator("#facts")).ToContainTextAsync("als v1");
        AssertNoTroubles();
    }

    [BrowserFact]
    public async Task A_new_user_is_asked_by_keyboard_and_the_recommendations_follow_the_answers()
    {
        var page = await OpenAsync("#/new");
        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Popular items" })).ToBeVisibleAsync();
        string[] keys = ["l", "u", "l", "d"];
        string asked = "";
        for (int k = 0; k < keys.Length; k++)
        {
            await Expect(page.Locator(".asked")).Not.ToHaveTextAsync(asked);
            asked = await page.Locator(".asked").InnerTextAsync();
            await page.Keyboard.PressAsync(keys[k]);
            await Expect(page.Locator(".given li")).ToHaveCountAsync(k + 1);
        }

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Recommended so far" })).ToBeVisibleAsync();
        await page.Locator("ol.ranked summary").First.FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator(".signed i").First).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Take the answer" }).First.ClickAsync();
        await Expect(page.Locator(".given li")).ToHaveCountAsync(keys.Length - 1);
        AssertNoTroubles();
    }

    [BrowserFact]
    public async Task Every_section_fits_a_phone_light_and_dark()
    {
        string[] sections = ["#/", "#/new", $"#/users/{User(1)}", $"#/items/{TestService.Catalogue.Items[0].Id}", "#/training", "#/models", "#/live"];
        foreach (var scheme in new[] { ColorScheme.Light, ColorScheme.Dark })
        {
            foreach (string section in sections)
            {
                var page = await OpenAsync(section, new BrowserNewContextOptions { ViewportSize = new ViewportSize { Width = 360, Height = 740 }, ColorScheme = scheme });
                await Expect(page.Locator("main .panel").First).ToBeVisibleAsync();
                Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= 360, $"{section} is wider than the screen");
                string background = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
                Assert.Equal(scheme == ColorScheme.Dark ? "rgb(16, 20, 28)" : "rgb(245, 246, 248)", background);
                await page.Context.CloseAsync();
            }
        }

        AssertNoTroubles();
    }

    /// <summary>Opens a section; script errors, failed requests and requests to other hosts are noted.</summary>
    private async Task<IPage> OpenAsync(string section, BrowserNewContextOptions? options = null)
    {
        var context = await _browser.NewContextAsync(options);
        var page = await context.NewPageAsync();
        page.PageError += (_, error) => _troubles.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Type == "error")
            {
                _troubles.Add(message.Text);
            }
        };
        page.Request += (_, request) =>
        {
            if (new Uri(request.Url).Authority != _service.Address.Authority)
            {
                _troubles.Add($"request to {request.Url}");
            }
        };
        await page.GotoAsync(new Uri(_service.Address, "/" + section).ToString());
        return page;
    }

    private void AssertNoTroubles() => Assert.Empty(_troubles);
}
