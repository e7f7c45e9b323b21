using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace BillApis.Invoicing;

/// <summary>Which lines a grant is for: those of some metrics or products, or where it names none, all.</summary>
public sealed record CreditScope
{
    /// <summary>The most metrics and products that a grant names.</summary>
    public const int MaxWidth = 100;

    /// <summary>Every line.</summary>
    public static CreditScope All { get; } = new();

    /// <summary>The metrics whose usage it is for.</summary>
    public ImmutableArray<MetricId> Metrics { get; init; } = [];

    /// <summary>The products whose lines it is for.</summary>
    public ImmutableArray<ProductId> Products { get; init; } = [];

    /// <summary>How many it names; 0 for all.</summary>
    [JsonIgnore]
    public int Width => Metrics.Length + Products.Length;

    /// <summary>Whether a line is among them.</summary>
    public bool Fits(InvoiceLine line)
    {
        ArgumentNullException.ThrowIfNull(line);
        return Width == 0 || (line.Metric is { } metric && Metrics.Contains(metric)) || (line.Product is { } product && Products.Contains(product));
    }
}
