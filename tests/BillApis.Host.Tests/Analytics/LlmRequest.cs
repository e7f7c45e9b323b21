using System.Globalization;

namespace BillApis.Host.Tests.Analytics;

/// <summary>A request of the real trace.</summary>
internal sealed record LlmRequest(int Row, DateTimeOffset At, long Context, long Generated)
{
    /// <summary>A stand-in for whose it is and which model it asked, of which the trace says nothing.</summary>
    public string Customer => (Row % 7) switch { 0 or 1 or 2 => "first", 3 or 4 => "second", 5 => "third", _ => "fourth" };

    public string Model => Context > 1_000 ? "large" : "small";

    /// <summary>The rows of the trace; times are cut to microseconds, which billing keeps.</summary>
    public static IReadOnlyList<LlmRequest> Read() =>
    [
        .. File.ReadLines(SharedFiles.PathOf("data/llm-conversations.csv")).Skip(1).Where(line => line.Length > 0).Select((line, row) =>
        {
            var cells = line.Split(',');
            var at = DateTimeOffset.Parse(cells[0], CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
            return new LlmRequest(row, at.AddTicks(-(at.Ticks % 10)), long.Parse(cells[1], CultureInfo.InvariantCulture), long.Parse(cells[2], CultureInfo.InvariantCulture));
        }),
    ];
}
