namespace BillApis.Auditing;

/// <summary>Which fields are never shown, by their names.</summary>
internal static class Secrets
{
    public const string Mask = "***";

    // "token" but not "input_tokens": usage of language models is counted in those.
    public static bool IsSecret(string name) =>
        name.Contains("password", StringComparison.OrdinalIgnoreCase)
        || name.Contains("secret", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("token", StringComparison.OrdinalIgnoreCase)
        || name.Equals("totp_code", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("_hash", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("_key", StringComparison.OrdinalIgnoreCase)
        || name.Equals("apikey", StringComparison.OrdinalIgnoreCase)
        || name.Equals("key", StringComparison.OrdinalIgnoreCase)
        || name.Equals("authorization", StringComparison.OrdinalIgnoreCase);
}
