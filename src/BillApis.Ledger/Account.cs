using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;
using NodaTime;

namespace BillApis.Ledger;

/// <summary>An account of the ledger, known by what it is: its id follows from its code, so that nobody has to look it up.</summary>
/// <param name="Kind">Its place in the chart of accounts.</param>
/// <param name="Asset">What it counts.</param>
/// <param name="Owner">Whose it is, where a kind has many: a customer's id or a processor's name.</param>
[JsonConverter(typeof(AccountJson))]
public sealed record Account(AccountKind Kind, Asset Asset, string? Owner = null)
{
    /// <summary>The text form, unique within a tenant: <c>receivable/USD/2/cus_…</c>.</summary>
    public string Code => Owner is null ? $"{ChartOfAccounts.NameOf(Kind)}/{Asset}" : $"{ChartOfAccounts.NameOf(Kind)}/{Asset}/{Owner}";

    /// <summary>The account of the general ledger that sums up all accounts like this one: for a customer's account that of all customers.</summary>
    public Account Control => Owner is not null && ChartOfAccounts.IsPerCustomer(Kind) ? this with { Owner = null } : this;

    /// <summary>The one id that this account has in the books of a tenant.</summary>
    public AccountId IdIn(TenantId tenant) => EntityId.Derive<AccountId>(Instant.FromUnixTimeSeconds(0), $"{tenant}/{Code}");

    /// <summary>Reads the text form; false where it is not the code of an account.</summary>
    public static bool TryParse(string? code, [NotNullWhen(true)] out Account? account)
    {
        var parts = code?.Split('/', 4) ?? [];
        account = parts.Length >= 3 && ChartOfAccounts.TryParseName(parts[0], out var kind) && Asset.TryParse($"{parts[1]}/{parts[2]}", out var asset)
            ? new Account(kind, asset, parts.ElementAtOrDefault(3))
            : null;
        return account is not null;
    }

    /// <summary>Reads the text form.</summary>
    /// <exception cref="FormatException">The text is not the code of an account.</exception>
    public static Account Parse(string code) => TryParse(code, out var account) ? account : throw new FormatException($"'{code}' is not an account like receivable/USD/2/cus_….");

    /// <summary>Returns <see cref="Code"/>.</summary>
    public override string ToString() => Code;
}

internal sealed class AccountJson : JsonConverter<Account>
{
    public override Account Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Account.Parse(reader.GetString()!);

    public override void Write(Utf8JsonWriter writer, Account value, JsonSerializerOptions options) => writer.WriteStringValue(value.Code);
}
