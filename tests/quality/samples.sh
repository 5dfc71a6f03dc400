#!/usr/bin/env bash
# Fetches documents that nobody here wrote, into a folder: manuals in Debian's packages, and the samples that other
# readers of these formats are tested with. Nothing of it is installed. usage: samples.sh FOLDER PIP
set -euo pipefail
folder=$(realpath -m "$1") pip=$(realpath "$2")
debian="debian-faq-zh-cn debian-reference-zh-cn debian-reference-zh-tw live-manual-epub maint-guide-zh-cn
    r-cran-officer r-cran-openxlsx r-cran-readxl ubuntu-packaging-guide-epub"
python="agate==1.14.2 html2text==2024.2.26 ocrmypdf==17.13.0 pypdf==7.1.1 python-docx==1.2.0 python-pptx==1.0.2
    xlsx2csv==0.8.6"
rm -rf "$folder" "$folder.new"
mkdir -p "$folder.new"
cd "$folder.new"
for package in $debian; do
    apt-get download -qq "$package"
    dpkg-deb -x "$package"_*.deb "$package"
done
for package in $python; do
    "$pip" download --quiet --no-deps --no-binary :all: "$package"
done
for archive in ./*.tar.gz; do
    tar xzf "$archive"
done
rm -f ./*.deb ./*.tar.gz
mv "$folder.new" "$folder"
