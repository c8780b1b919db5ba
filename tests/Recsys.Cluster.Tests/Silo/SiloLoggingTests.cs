using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Recsys.Silo.Configuration;
using Recsys.Silo.Hosting;

namespace Recsys.Cluster.Tests.Silo;

public sealed class SiloLoggingTests
{
    [Theory]
    [InlineData("Orleans.Messaging", null, LogLevel.Error)]
    [InlineData("Orleans.Runtime.Silo", null, LogLevel.Warning)]
    [InlineData("Orleans.Messaging", "trace", LogLevel.Trace)]
    [InlineData("Orleans.Messaging", "error", LogLevel.Error)]
    [InlineData("Orleans.Runtime.Silo", "error", LogLevel.Error)]
    public async Task Messages_that_come_too_late_are_not_logged_one_by_one_unless_that_is_asked_for(string category, string? level, LogLevel least)
    {
        var settings = SiloSettings.From(new SettingValues(s => s.Name == SettingTable.LogLevel.Name ? level : null, _ => null, null));
        await using var app = SiloHost.Build(settings, new Readiness());
        var logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(category);
        Assert.True(logger.IsEnabled(least));
        Assert.False(least > LogLevel.Trace && logger.IsEnabled(least - 1));
    }
}
