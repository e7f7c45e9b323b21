namespace BillApis.Host;

/// <summary>A setting that the host cannot run with.</summary>
/// <param name="key">The configuration key.</param>
/// <param name="value">What it is set to.</param>
/// <param name="allowed">What it may be set to.</param>
internal sealed class SettingException(string key, string? value, string allowed) : Exception($"{key} is {(value is null ? "not set" : $"'{value}'")}; allowed: {allowed}.");
