namespace BillApis;

/// <summary>How much of a quota is used and set aside.</summary>
/// <param name="Used">What was committed, or metered where that is more.</param>
/// <param name="Reserved">What open reservations hold.</param>
public readonly record struct QuotaCount(decimal Used, decimal Reserved)
{
    /// <summary>Both together.</summary>
    public decimal Taken => Used + Reserved;

    /// <summary>Sets a quantity aside; null where that would exceed the limit.</summary>
    /// <param name="quantity">The quantity.</param>
    /// <param name="limit">The limit; null for none.</param>
    /// <param name="metered">What the meter says was used; what was committed and metered is one and the same, so that the greater holds.</param>
    public QuotaCount? Reserve(decimal quantity, decimal? limit, decimal metered)
    {
        var next = new QuotaCount(Math.Max(Used, metered), Reserved + quantity);
        return next.Taken > limit ? null : next;
    }

    /// <summary>Uses what was set aside, or another quantity; null where more than that would exceed the limit.</summary>
    /// <param name="held">What is still set aside for it.</param>
    /// <param name="actual">What was used.</param>
    /// <param name="limit">The limit; null for none.</param>
    public QuotaCount? Commit(decimal held, decimal actual, decimal? limit)
    {
        var next = new QuotaCount(Used + actual, Reserved - held);
        return actual > held && next.Taken > limit ? null : next;
    }

    /// <summary>Gives back what was set aside.</summary>
    public QuotaCount Release(decimal held) => this with { Reserved = Reserved - held };
}
