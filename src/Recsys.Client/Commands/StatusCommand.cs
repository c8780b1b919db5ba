using System.CommandLine;
using System.Globalization;
using Orleans.Runtime;
using Recsys.Cli.Output;
using Recsys.Engine;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client status</c>: silos, models, training.</summary>
internal static class StatusCommand
{
    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var command = new Command("status", "Shows the cluster's silos, models and training jobs.");
        command.SetAction(async (result, token) =>
        {
            await using var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            var management = client.Grains.GetGrain<IManagementGrain>(0);
            var silos = await management.GetDetailedHosts().ConfigureAwait(false);
            var statistics = await management.GetSimpleGrainStatistics().ConfigureAwait(false);
            var table = new TextTable(["silo", "address", "status", "started", ">grains"]);
            foreach (var silo in silos.OrderBy(s => s.SiloName, StringComparer.Ordinal))
            {
                table.Add([
                    silo.SiloName,
                    $"{silo.SiloAddress.Endpoint}",
                    silo.Status.ToString().ToLowerInvariant(),
                    silo.StartTime.ToString("u", CultureInfo.InvariantCulture),
                    statistics.Where(s => s.SiloAddress.Equals(silo.SiloAddress)).Sum(s => s.ActivationCount).ToString(CultureInfo.InvariantCulture),
                ]);
            }

            table.Write(terminal.Out);
            await WriteModelsAsync(terminal, client, token).ConfigureAwait(false);
            return 0;
        });
        return command;
    }

    private static async Task WriteModelsAsync(Terminal terminal, RecsysClient client, CancellationToken token)
    {
        try
        {
            var status = await client.Recommender.GetStatusAsync(token).ConfigureAwait(false);
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"answers: {status.Model} {status.Version}; {status.Users:N0} users, {status.Items:N0} items, {status.Interactions:N0} interactions"));
        }
        catch (InvalidOptionException e)
        {
            terminal.Out.WriteLine(e.Message);
        }

        foreach (var version in await client.Models.ListAsync(token).ConfigureAwait(false))
        {
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"model {version.Model} {version.Version}{(version.Active ? " (active)" : "")}: {version.Facts.Algorithm}, {version.Users:N0} users, {version.Items:N0} items"));
        }

        foreach (var job in await client.Training.ListAsync(token).ConfigureAwait(false))
        {
            string progress = job.Progress is { } p ? $", {p.Phase} {p.Done}/{p.Total}" : "";
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"job {job.Id}: {job.Request.Algorithm}, {job.State.ToString().ToLowerInvariant()}{progress}, {job.Seconds:F1} s{(job.Error is { } e ? $": {e}" : "")}"));
        }
    }
}
