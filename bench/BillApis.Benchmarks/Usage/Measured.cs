using System.Diagnostics;
using System.Globalization;

namespace BillApis.Benchmarks.Usage;

/// <summary>Compares two ways of doing the same amount of work.</summary>
internal static class Measured
{
    // Until the runtime compiles nothing anew any more, which takes processor time from whatever is measured: what takes in usage runs for days.
    private const int WarmUp = 40;

    /// <summary>Prints the median of the turns' ratios of speed: above 1 where the first is faster; and the ratio of all turns together, which shows the rare ones that take long.</summary>
    public static async Task CompareAsync<TFirst, TSecond>(
        string name, int turns, Func<Task<TFirst>> prepareFirst, Func<TFirst, Task> first, Func<Task<TSecond>> prepareSecond, Func<TSecond, Task> second)
    {
        var (wall, processor, mine, theirs) = (new List<decimal>(), new List<decimal>(), new List<decimal>(), new List<decimal>());
        for (var turn = -WarmUp; turn < turns; turn++)
        {
            var ours = await TimeAsync(prepareFirst, first);
            var bare = await TimeAsync(prepareSecond, second);
            if (turn >= 0)
            {
                wall.Add(bare.Wall / ours.Wall);
                processor.Add(bare.Processor / Math.Max(ours.Processor, 0.000_001m));
                mine.Add(ours.Wall * 1_000);
                theirs.Add(bare.Wall * 1_000);
            }
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {name} | {Median(wall):0.00} | {wall.Min():0.00}–{wall.Max():0.00} | {Median(processor):0.00} | {Median(mine):0.0} ms | {Median(theirs):0.0} ms | {theirs.Sum() / mine.Sum():0.00} in all |"));
    }

    /// <summary>The seconds that the work takes, by the clock and of this process's processor time.</summary>
    public static async Task<(decimal Wall, decimal Processor)> TimeAsync(Func<Task> work)
    {
        using var process = Process.GetCurrentProcess();
        var (before, clock) = (process.TotalProcessorTime, Stopwatch.GetTimestamp());
        await work();
        var wall = Stopwatch.GetElapsedTime(clock);
        process.Refresh();
        return (wall.Ticks / (decimal)TimeSpan.TicksPerSecond, (process.TotalProcessorTime - before).Ticks / (decimal)TimeSpan.TicksPerSecond);
    }

    /// <summary>The one in the middle, of an even number the greater.</summary>
    public static decimal Median(List<decimal> values)
    {
        values.Sort();
        return values[values.Count / 2];
    }

    private static async Task<(decimal Wall, decimal Processor)> TimeAsync<T>(Func<Task<T>> prepare, Func<T, Task> work)
    {
        var prepared = await prepare();
        return await TimeAsync(() => work(prepared));
    }
}
