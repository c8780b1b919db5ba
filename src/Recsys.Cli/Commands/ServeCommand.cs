using System.CommandLine;
using System.Globalization;
using Recsys.Api;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys serve MODEL…</c>: recommendations over HTTP, and the page.</summary>
internal static class ServeCommand
{
    public static Command Create(Terminal terminal)
    {
        var models = new Argument<string[]>("MODEL")
        {
            Description = "directories of saved models; the first answers when none is named",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var urls = new Option<string[]>("--urls")
        {
            Description = "addresses to listen on, separated by commas (default http://127.0.0.1:5080)",
            HelpName = "URL",
            AllowMultipleArgumentsPerToken = true,
        };
        var catalogue = new Option<string?>("--catalogue") { Description = "names and categories of items: MovieLens movies.dat, u.item or movies.csv, or TSV/CSV id, name, categories", HelpName = "FILE" };
        var catalogueIds = new Option<string?>("--catalogue-ids") { Description = "two columns: id in the model, id in the catalogue, where they differ", HelpName = "FILE" };
        var keys = new Option<string?>("--keys") { Description = "API keys (see recsys keys); without them the service is open", HelpName = "FILE" };
        var open = new Option<bool>("--open") { Description = "listen on other addresses than loopback without API keys" };
        var rate = new Option<int>("--rate") { Description = "requests a second that one client may make; 0 for any number (default 0)", HelpName = "N" };
        var log = new Option<bool>("--log-requests") { Description = "log every request (route, status, time; never ids)" };
        var command = new Command("serve", "Answers over HTTP and shows the page.") { models, urls, catalogue, catalogueIds, keys, open, rate, log };
        command.SetAction(RunAsync);
        return command;

        async Task<int> RunAsync(ParseResult result, CancellationToken token)
        {
            string[] directories = result.GetValue(models) ?? [];
            if (directories.Length == 0)
            {
                throw new InvalidOptionException("serve needs the directory of a model");
            }

            string[] addresses = [.. (result.GetValue(urls) ?? []).SelectMany(u => u.Split(',', ';')).Select(u => u.Trim()).Where(u => u.Length > 0)];
            int perSecond = result.GetValue(rate);
            if (perSecond < 0)
            {
                throw new InvalidOptionException($"--rate: expected 0 or more, found {perSecond}");
            }

            var options = new ServiceOptions
            {
                KeysFile = result.GetValue(keys),
                Open = result.GetValue(open),
                RequestsPerSecond = perSecond,
                LogRequests = result.GetValue(log),
            };
            return await ServeAsync(
                terminal,
                directories,
                Describe(terminal, result.GetValue(catalogue), result.GetValue(catalogueIds), token),
                addresses.Length > 0 ? options with { Urls = addresses } : options,
                token).ConfigureAwait(false);
        }
    }

    private static async Task<int> ServeAsync(
        Terminal terminal, string[] directories, ItemStore items, ServiceOptions options, CancellationToken token)
    {
        using var library = new ModelLibrary();
        foreach (string directory in directories)
        {
            var version = library.Load(NameOf(directory), directory, cancellationToken: token);
            terminal.Notice(string.Create(
                CultureInfo.InvariantCulture,
                $"{version.Model}: {version.Facts.Algorithm}, {version.Users:N0} users, {version.Items:N0} items, {version.Interactions:N0} interactions"));
        }

        await using var training = TrainingJobs.OnHistories(library);
        await using var app = RecsysService.Build(
            new ServiceParts(new ModelRecommender(library, items)) { Models = library, Training = training, Ready = () => library.IsReady },
            options);
        try
        {
            await app.StartAsync(token).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RecsysException($"the service cannot listen: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        foreach (string url in app.Urls)
        {
            terminal.Out.WriteLine($"listening on {url}");
        }

        terminal.Out.Flush();
        var stopped = new TaskCompletionSource();
        await using (token.Register(stopped.SetResult))
        {
            await stopped.Task.ConfigureAwait(false);
        }

        await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        terminal.Notice("stopped");
        return 0;
    }

    private static ItemStore Describe(Terminal terminal, string? file, string? idMap, CancellationToken token)
    {
        var items = new ItemStore();
        if (file is null)
        {
            return idMap is null ? items : throw new InvalidOptionException("--catalogue-ids needs --catalogue");
        }

        items.Upsert(ItemCatalogue.Load(file, new CatalogueOptions { IdMap = idMap }, token));
        terminal.Notice(string.Create(CultureInfo.InvariantCulture, $"{file}: {items.Count:N0} items described"));
        return items;
    }

    /// <summary>A model's name is that of its directory.</summary>
    private static string NameOf(string directory) =>
        Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
}
