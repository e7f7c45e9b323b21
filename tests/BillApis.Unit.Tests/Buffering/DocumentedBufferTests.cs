using System.Globalization;
using NodaTime;

namespace BillApis.Unit.Tests.Buffering;

/// <summary>The numbers that docs/metering.md gives are those of the code.</summary>
public sealed class DocumentedBufferTests
{
    public static TheoryData<string> Sentences
    {
        get
        {
            var options = new UsageBufferOptions();
            return
            [
                Text($"at most {Limits.PropertiesPerEvent} properties"), Text($"texts of at most {Limits.PropertyLength:N0} characters"), Text($"At most {Limits.MeteredHeaders} headers"),
                Row("FlushInterval", Text($"{Milliseconds(options.FlushInterval)} ms")), Row("BatchSize", Text($"{options.BatchSize:N0}")), Row("CapacityBytes", Text($"{options.CapacityBytes / 1024 / 1024} MiB")),
                Row("WhenFull", $"`{options.WhenFull}`"), Row("RetryInterval", Text($"{Milliseconds(options.RetryInterval) / 1000} s")), Row("DrainTimeout", Text($"{Milliseconds(options.DrainTimeout) / 1000} s")),
            ];
        }
    }

    [Theory]
    [MemberData(nameof(Sentences))]
    public void A_number_in_the_document_is_the_number_in_the_code(string sentence)
    {
        var lines = File.ReadAllLines(Repository.PathOf("docs", "metering.md"));
        lines.ShouldContain(line => sentence.Split('…', 2).All(part => line.Contains(part, StringComparison.Ordinal)) && (!sentence.Contains('…') || line.EndsWith(sentence.Split('…')[1], StringComparison.Ordinal)), sentence);
    }

    private static string Row(string option, string value) => $"| `{option}` |…| {value} |";

    private static long Milliseconds(Duration duration) => duration.BclCompatibleTicks / TimeSpan.TicksPerMillisecond;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
