using System.Collections.Immutable;

namespace BillApis;

/// <summary>The checks of fields that every kind of thing shares; each refuses with the field's name and what is allowed.</summary>
public static class Check
{
    /// <summary>Refuses a missing text, one longer than a name may be, and control characters.</summary>
    public static void Name(string field, string? value) => Text(field, Required(field, value), Limits.TextLength);

    /// <summary>Refuses a code that is missing, longer than <see cref="Limits.CodeLength"/>, or has white space or control characters.</summary>
    public static void Code(string field, string? value)
    {
        Text(field, Required(field, value), Limits.CodeLength);
        if (value!.Any(char.IsWhiteSpace))
        {
            throw BillingException.Field(field, "must not contain white space");
        }
    }

    /// <summary>Refuses an optional text that is too long or has control characters.</summary>
    public static void Text(string field, string? value, int length = Limits.TextLength)
    {
        if (value is null)
        {
            return;
        }

        if (value.Length > length)
        {
            throw BillingException.Field(field, $"must be at most {length} characters long");
        }

        // Half of a pair cannot be spelled in UTF-8: what is stored would be another text.
        if (!IsWhole(value))
        {
            throw BillingException.Field(field, "must be whole Unicode characters, but has half of a surrogate pair");
        }

        if (value.Any(letter => char.IsControl(letter) && letter is not ('\n' or '\r' or '\t')))
        {
            throw BillingException.Field(field, "must not contain control characters");
        }
    }

    /// <summary>Refuses an e-mail address that is too long or has no form that mail could be sent to; null is none.</summary>
    public static void Email(string field, string? value)
    {
        if (value is not null && (value.Length > Limits.CodeLength || value.Count('@') != 1 || value.StartsWith('@') || value.EndsWith('@') || value.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter))))
        {
            throw BillingException.Field(field, "must be an address like billing@example.com");
        }
    }

    /// <summary>Refuses a number outside of a range, both ends allowed, or with more than <see cref="Limits.FractionDigits"/> fractional digits, which could not be read back.</summary>
    public static void Range(string field, decimal value, decimal from, decimal to)
    {
        if (value < from || value > to)
        {
            throw BillingException.Field(field, $"must be between {Exact.Format(from)} and {Exact.Format(to)}");
        }

        if (value.Scale > Limits.FractionDigits && Exact.Normalize(value).Scale > Limits.FractionDigits)
        {
            throw BillingException.Field(field, $"must have at most {Limits.FractionDigits} fractional digits");
        }
    }

    /// <summary>Refuses more than <see cref="Limits.MetadataEntries"/> entries, and keys or values that are too long.</summary>
    public static void Metadata(ImmutableSortedDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        if (metadata.Count > Limits.MetadataEntries)
        {
            throw BillingException.Field("metadata", $"must have at most {Limits.MetadataEntries} entries");
        }

        foreach (var (key, value) in metadata)
        {
            Text($"metadata.{key}", Required("metadata", key), Limits.CodeLength);
            Text($"metadata.{key}", value, Limits.PropertyLength);
        }
    }

    private static bool IsWhole(string value)
    {
        for (var i = 0; i < value.Length; i++)
        {
            if (char.IsSurrogate(value[i]) && (++i == value.Length || !char.IsSurrogatePair(value[i - 1], value[i])))
            {
                return false;
            }
        }

        return true;
    }

    private static string Required(string field, string? value) =>
        string.IsNullOrWhiteSpace(value) ? throw BillingException.Field(field, "is required") : value;
}
