public import Postgres

/// Turns a chapter into its sections, the sections' pictures and its cover: what `MemoirSections` gives, and what
/// `MemoirImages` makes of the pictures in it, with each section naming its picture's row.
///
/// One value serves one worker and row after row, which reuses its memory. It is pure: the same row always
/// gives the same bytes.
public struct Memoir {
    /// The columns of `chapter_sections` that are written, in this order.
    public static let sectionColumns = MemoirSections.targetColumns + ["image_id"]
    /// The columns of `memoir_images` that are written, in this order.
    public static let pictureColumns = MemoirImages.targetColumns

    private var chapter: MemoirSections

    /// Prepares for columns of these types. `isKnownUTF8` says that the server answers for the encoding of what it sends.
    public init(content: DocumentType, images: DocumentType, isKnownUTF8: Bool = false) {
        chapter = MemoirSections(
            content: content, images: images, isKnownUTF8: isKnownUTF8, writingPictures: true)
    }

    /// Adds a chapter's sections to one buffer of rows and their pictures to the other; when it throws, both are as they
    /// were.
    public mutating func apply(
        _ row: SourceRow, sections: inout CopyRows, pictures: inout CopyRows
    ) throws(Reject) -> MemoirSections.Outcome {
        let mark = pictures.mark
        // Moved in and out, because a copy would copy its buffer.
        swap(&chapter.sections.pictures.rows, &pictures)
        defer { swap(&chapter.sections.pictures.rows, &pictures) }
        do throws(Reject) {
            return try chapter.apply(row, to: &sections)
        } catch {
            chapter.sections.pictures.rows.truncate(to: mark)
            throw error
        }
    }
}
