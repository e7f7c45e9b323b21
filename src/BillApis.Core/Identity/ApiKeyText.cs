using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;

namespace BillApis.Identity;

/// <summary>An API key as its holder has it: <c>bk_live_</c> or <c>bk_test_</c>, and then its id, its tenant and the secret in one word.</summary>
/// <remarks>The tenant stands in the key so that a key is looked up in its own tenant, as everything is.</remarks>
internal sealed record ApiKeyText(ApiKeyMode Mode, ApiKeyId Key, TenantId Tenant, string Text)
{
    private const int IdBytes = 16;
    private const int ShownLetters = 12;
    private static readonly (string Start, ApiKeyMode Mode)[] Starts = [("bk_live_", ApiKeyMode.Live), ("bk_test_", ApiKeyMode.Test)];

    /// <summary>The part that may be shown, to tell keys apart.</summary>
    public string Prefix => Text[..(Starts[0].Start.Length + ShownLetters)];

    /// <summary>With a secret of its own.</summary>
    public static ApiKeyText New(ApiKeyMode mode, ApiKeyId key, TenantId tenant)
    {
        Span<byte> bytes = stackalloc byte[(2 * IdBytes) + RandomSecret.Bytes];
        key.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        tenant.Value.TryWriteBytes(bytes[IdBytes..], bigEndian: true, out _);
        RandomNumberGenerator.Fill(bytes[(2 * IdBytes)..]);
        return new ApiKeyText(mode, key, tenant, Starts.First(start => start.Mode == mode).Start + Base64Url.EncodeToString(bytes));
    }

    /// <summary>Null for what is no key; whether there is such a key is another question.</summary>
    public static ApiKeyText? Parse(string text)
    {
        Span<byte> bytes = stackalloc byte[(2 * IdBytes) + RandomSecret.Bytes];
        var start = Array.Find(Starts, known => text.StartsWith(known.Start, StringComparison.Ordinal));
        return start.Start is not null && text.Length == start.Start.Length + Base64Url.GetEncodedLength(bytes.Length)
            && Base64Url.DecodeFromChars(text.AsSpan(start.Start.Length), bytes, out _, out var written) is OperationStatus.Done && written == bytes.Length
            ? new ApiKeyText(start.Mode, new ApiKeyId(new Guid(bytes[..IdBytes], bigEndian: true)), new TenantId(new Guid(bytes[IdBytes..(2 * IdBytes)], bigEndian: true)), text)
            : null;
    }
}
