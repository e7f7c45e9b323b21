using System.Collections.Immutable;

namespace BillApis.Quickstart;

/// <summary>Which file is billed and what its columns mean; without arguments the sample beside the program.</summary>
internal sealed record Mapping
{
    public const string Usage = "usage: BillApis.Quickstart [file.csv --timestamp COLUMN --value COLUMN [--value COLUMN …] [--price COLUMN [--lines OUTPUT.csv]]]";

    public string File { get; init; } = Path.Combine(AppContext.BaseDirectory, "usage.csv");

    /// <summary>The column that says when.</summary>
    public string Timestamp { get; init; } = "time";

    /// <summary>The columns that say how much; each is metered.</summary>
    public ImmutableArray<string> Values { get; init; } = ["input_tokens", "output_tokens"];

    /// <summary>The column with a unit price of each row's own, as in a cloud provider's bill; null where the plan's tiers price everything.</summary>
    public string? Price { get; init; }

    /// <summary>Where to write each row's metered quantity, unit price and amount.</summary>
    public string? Lines { get; init; }

    public static Mapping Parse(string[] args)
    {
        if (args.Length == 0)
        {
            return new Mapping();
        }

        var mapping = new Mapping { File = args[0], Values = [], Timestamp = "" };
        for (var i = 1; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw Refused($"{args[i]} needs a value");
            mapping = args[i] switch
            {
                "--timestamp" => mapping with { Timestamp = value },
                "--value" => mapping with { Values = mapping.Values.Add(value) },
                "--price" => mapping with { Price = value },
                "--lines" => mapping with { Lines = value },
                _ => throw Refused($"there is no option {args[i]}"),
            };
        }

        return mapping.Timestamp.Length == 0 || mapping.Values.IsEmpty ? throw Refused("a file needs --timestamp and --value")
            : mapping is { Price: not null, Values.Length: > 1 } ? throw Refused("with --price there is one --value")
            : mapping is { Price: null, Lines: not null } ? throw Refused("--lines needs --price")
            : mapping;
    }

    private static BillingException Refused(string why) => new(BillingErrorCode.Invalid, $"{why}; {Usage}");
}
