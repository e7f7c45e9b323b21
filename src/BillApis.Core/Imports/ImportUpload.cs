using System.Security.Cryptography;
using BillApis.Metering;
using NodaTime;

namespace BillApis;

/// <summary>Takes the file of an import, part by part.</summary>
internal sealed class ImportUpload(IUsageImportStore store)
{
    private const int PartBytes = 512 * 1024;
    private static readonly Duration ReportEvery = Duration.FromSeconds(2);

    /// <summary>Keeps the file; the import is ready to run then.</summary>
    /// <exception cref="BillingException">The file is larger than <see cref="Limits.ImportBytes"/>, or the upload was taken over by a repeat of it.</exception>
    public async Task<UsageImport> ReceiveAsync(UsageImport import, Stream content, Func<CancellationToken, Task<UsageFile>> complete, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[PartBytes];
        for (var part = 0L; ; part++)
        {
            var length = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            hash.AppendData(buffer, 0, length);
            import = import with { Bytes = import.Bytes + length };
            if (import.Bytes > Limits.ImportBytes)
            {
                throw new BillingException(BillingErrorCode.TooLarge, $"A file that is imported has at most {Limits.ImportBytes} bytes.");
            }

            if (length > 0)
            {
                await store.AddPartAsync(import.Tenant, import.Id, part, buffer.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
            }

            if (length < buffer.Length)
            {
                import = import with { File = await complete(cancellationToken).ConfigureAwait(false) };
                import.File.Csv.Validate();

                // Nobody works on it yet: the first worker that looks takes it up.
                return await SaveAsync(import with { Status = UsageImportStatus.Running, Hash = Convert.ToHexStringLower(hash.GetHashAndReset()), ProgressAt = Instant.FromUnixTimeTicks(0) }, cancellationToken).ConfigureAwait(false);
            }

            if (UsageImports.RealTime() - import.ProgressAt > ReportEvery)
            {
                import = await SaveAsync(import with { ProgressAt = UsageImports.RealTime() }, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The hash that the content would have as a file.</summary>
    public static async Task<string> HashAsync(Stream content, CancellationToken cancellationToken) => Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellationToken).ConfigureAwait(false));

    private async Task<UsageImport> SaveAsync(UsageImport import, CancellationToken cancellationToken) =>
        await store.SaveAsync(import.Tenant, [import], [], cancellationToken).ConfigureAwait(false) is SaveResult.Saved
            ? import.WithVersion(import.Version + 1)
            : throw BillingException.Changed("usage import", import.Id.ToString());
}
