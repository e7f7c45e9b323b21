using System.Diagnostics;
using BillApis.Metering;
using NodaTime;

namespace BillApis.Cli;

/// <summary>Counts totals of usage anew, tells what differed, and now and then how far that is.</summary>
internal static class TotalsRebuild
{
    private const int MostTold = 1_000;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    public static async Task<int> RunAsync(TextWriter output, Billing billing, TenantId tenant, bool set, CancellationToken cancellationToken)
    {
        var (differences, events, archived, since) = (0L, 0L, (YearMonth?)null, Stopwatch.StartNew());
        await foreach (var rebuilt in (set ? billing.Usage.RebuildAsync(tenant, cancellationToken) : billing.Usage.VerifyAsync(tenant, cancellationToken)).ConfigureAwait(false))
        {
            events += rebuilt.Events;
            if (rebuilt.IsArchived && archived != rebuilt.Month)
            {
                archived = rebuilt.Month;
                await output.WriteLineAsync($"{rebuilt.Month:uuuu-MM}: its single events are archived, so its totals were left as they are").ConfigureAwait(false);
            }

            foreach (var difference in rebuilt.Differences)
            {
                if (++differences <= MostTold)
                {
                    await output.WriteLineAsync(Text(difference)).ConfigureAwait(false);
                }
            }

            if (since.Elapsed >= Pause)
            {
                since.Restart();
                await output.WriteLineAsync($"{rebuilt.Month:uuuu-MM}: {RebuildCommand.Count(events, "event")} counted, {RebuildCommand.Count(differences, "total")} differed").ConfigureAwait(false);
            }
        }

        if (differences > MostTold)
        {
            await output.WriteLineAsync($"and {differences - MostTold} more").ConfigureAwait(false);
        }

        await output.WriteLineAsync(
            differences == 0 ? $"every total of usage is what its events give, {events} in all" : set ? $"{RebuildCommand.Count(differences, "total")} of usage set, from {RebuildCommand.Count(events, "event")}" : $"REFUSED: {RebuildCommand.Count(differences, "fault")}").ConfigureAwait(false);
        return differences > 0 && !set ? Commands.Faulty : Commands.Sound;
    }

    private static string Text(TotalDifference difference) =>
        $"{difference.Period.Start}/{difference.Period.End} {difference.Customer} {difference.Metric}{(difference.Subscription is { } subscription ? $" {subscription}" : "")}{(difference.Dimensions == Dimensions.None ? "" : $" {difference.Dimensions}")}{(difference.Item is { } item ? $" '{item}'" : "")}: "
        + $"the total keeps {difference.Kept ?? "nothing"}, its events give {difference.Counted ?? "nothing"}";
}
