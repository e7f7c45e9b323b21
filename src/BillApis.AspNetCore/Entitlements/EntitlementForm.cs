using System.Collections.Immutable;
using System.Text.Json;
using BillApis.Pricing;

namespace BillApis.AspNetCore;

/// <summary>What is granted of a feature, as it is sent and answered.</summary>
internal record EntitlementForm
{
    /// <summary>The id or code of the feature.</summary>
    public required string FeatureId { get; init; }

    public required EntitlementType Type { get; init; }

    /// <summary>true or false of a boolean entitlement; the number or text of a static one.</summary>
    public JsonElement? Value { get; init; }

    /// <summary>The quota of a metered entitlement; absent for no limit.</summary>
    public decimal? Limit { get; init; }

    public UsageReset Reset { get; init; } = UsageReset.Period;

    /// <summary>How many units of reset a window lasts that opens with its use.</summary>
    public int ResetCount { get; init; } = 1;

    /// <summary>What a window of a metered entitlement begins with.</summary>
    public WindowOpening Opens { get; init; }
    public Overage Overage { get; init; } = Overage.Block;

    public static EntitlementForm From(Entitlement terms) => new()
    {
        FeatureId = terms.Feature.ToString(),
        Type = terms.Type,
        Value = ValueOf(terms),
        Limit = terms.Type is EntitlementType.Metered ? terms.Limit : null,
        Reset = terms.Reset,
        ResetCount = terms.ResetCount,
        Opens = terms.Opens,
        Overage = terms.Overage,
    };

    /// <summary>The value of a switch or a fixed value; null for a quota.</summary>
    public static JsonElement? ValueOf(Entitlement terms) => terms.Type switch
    {
        EntitlementType.Boolean => JsonSerializer.SerializeToElement(terms.Enabled),
        EntitlementType.Static when terms.Limit is { } number => JsonSerializer.SerializeToElement(number, BillingJson.Options),
        EntitlementType.Static => JsonSerializer.SerializeToElement(terms.Text),
        _ => null,
    };

    /// <summary>Reads the entitlements of a plan.</summary>
    public static async Task<ImmutableArray<Entitlement>> ReadAsync(Billing billing, TenantId tenant, ImmutableArray<EntitlementForm>? sent, CancellationToken cancellationToken)
    {
        var read = ImmutableArray.CreateBuilder<Entitlement>();
        foreach (var (index, form) in (sent ?? []).Index())
        {
            read.Add(await form.ReadAsync(billing, tenant, $"entitlements[{index}].", cancellationToken).ConfigureAwait(false));
        }

        return read.ToImmutable();
    }

    /// <exception cref="BillingException">There is no such feature, or a field does not belong to the type.</exception>
    public async Task<Entitlement> ReadAsync(Billing billing, TenantId tenant, string path, CancellationToken cancellationToken)
    {
        var feature = await References.FeatureAsync(billing, tenant, FeatureId, cancellationToken).ConfigureAwait(false);
        var terms = With(new Entitlement(feature!.Id, Type) { Limit = Limit, Reset = Reset, ResetCount = ResetCount, Opens = Opens, Overage = Overage }, path);
        terms.Validate(path);
        OpenedWindow.Check(terms, feature, path);
        return terms;
    }

    private Entitlement With(Entitlement terms, string path) => (Type, Value) switch
    {
        (EntitlementType.Boolean, null) => terms,
        (EntitlementType.Boolean, { ValueKind: JsonValueKind.True or JsonValueKind.False } value) => terms with { Enabled = value.GetBoolean() },
        (EntitlementType.Static, { ValueKind: JsonValueKind.Number } value) when Limit is null => terms with { Limit = NumberOf(value, path) },
        (EntitlementType.Static, { ValueKind: JsonValueKind.String } value) when Limit is null => terms with { Text = value.GetString() },
        (EntitlementType.Static, null) => terms,
        (EntitlementType.Metered, null) => terms,
        (EntitlementType.Metered, { ValueKind: JsonValueKind.Number } value) when Limit is null => terms with { Limit = NumberOf(value, path) },
        (EntitlementType.Boolean, _) => throw BillingException.Field($"{path}value", "must be true or false for a boolean entitlement"),
        (EntitlementType.Static, _) => throw BillingException.Field($"{path}value", "must be a number or a text for a static entitlement, given once"),
        _ => throw BillingException.Field($"{path}value", "is not for a metered entitlement; send limit"),
    };

    private static decimal NumberOf(JsonElement value, string path) =>
        Exact.TryParse(value.GetRawText(), out var number) ? number : throw BillingException.Field($"{path}value", $"must be a decimal number of at most 15 integer and {Limits.FractionDigits} fractional digits");
}
